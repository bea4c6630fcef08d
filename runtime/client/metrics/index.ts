export { openMetricsType, prometheusType, render, scrape } from "./render.ts";
