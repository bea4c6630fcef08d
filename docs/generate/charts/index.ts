export async function chartFiles(): Promise<[string, string][]> {
  return [];
}
