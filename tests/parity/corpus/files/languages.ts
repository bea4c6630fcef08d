import { ecosystem, type Shape } from "../shape.ts";

/** Other languages, shells and interpreters by path. */
export const languages: readonly Shape[] = [
  ecosystem("a Python script", `{ apps: [{ name: "py", script: "main.py" }] }`, ["main.py"]),
  ecosystem(
    "a Python script with its interpreter",
    `{ apps: [{ name: "py", script: "main.py", interpreter: "python3" }] }`,
    ["main.py"],
  ),
  ecosystem(
    "python of a virtual environment",
    `{ apps: [{ name: "py", script: "main.py", interpreter: "./venv/bin/python" }] }`,
    ["main.py", "venv/bin/python"],
  ),
  ecosystem(
    "python3 of an absolute path",
    `{ apps: [{ name: "py", script: "main.py", interpreter: __dirname + "/venv/bin/python3", interpreter_args: "-u" }] }`,
    ["main.py", "venv/bin/python3"],
  ),
  ecosystem(
    "gunicorn with python3",
    `{ apps: [{ name: "web", script: "gunicorn", args: "app:app -b 127.0.0.1:8000 -w 2", interpreter: "python3" }] }`,
    [],
  ),
  ecosystem(
    "gunicorn alone",
    `{ apps: [{ name: "web", script: "gunicorn", args: "app:app -w 2" }] }`,
    [],
  ),
  ecosystem(
    "gunicorn of a virtual environment",
    `{ apps: [{ name: "web", script: "venv/bin/gunicorn", args: "app:app", interpreter: "none" }] }`,
    ["venv/bin/gunicorn"],
  ),
  ecosystem(
    "gunicorn of a virtual environment with its python",
    `{ apps: [{ name: "web", script: "venv/bin/gunicorn", args: "app:app", interpreter: "venv/bin/python" }] }`,
    ["venv/bin/gunicorn", "venv/bin/python"],
  ),
  ecosystem(
    "uvicorn",
    `{ apps: [{ name: "web", script: "uvicorn", args: ["main:app", "--host", "0.0.0.0", "--port", "8000"], interpreter: "python3" }] }`,
    [],
  ),
  ecosystem(
    "a Python module",
    `{ apps: [{ name: "web", script: "python3", args: "-m http.server 8000", interpreter: "none" }] }`,
    [],
  ),
  ecosystem(
    "python -m without an interpreter",
    `{ apps: [{ name: "web", script: "python3", args: "-m app" }] }`,
    [],
  ),
  ecosystem(
    "celery",
    `{ apps: [{ name: "celery", script: "celery", args: "-A proj worker -l INFO", cwd: "./proj", env: { PYTHONPATH: "." } }] }`,
    ["proj/"],
  ),
  ecosystem(
    "manage.py",
    `{ apps: [{ name: "django", script: "manage.py", args: "runserver 0.0.0.0:8000", interpreter: "python3", watch: false }] }`,
    ["manage.py"],
  ),
  ecosystem(
    "PYTHONUNBUFFERED by hand",
    `{ apps: [{ name: "py", script: "main.py", interpreter: "python3", env: { PYTHONUNBUFFERED: "0" } }] }`,
    ["main.py"],
  ),
  ecosystem("a shell script", `{ apps: [{ name: "sh", script: "./run.sh" }] }`, ["run.sh"]),
  ecosystem(
    "a shell script by bash",
    `{ apps: [{ name: "sh", script: "./run.sh", interpreter: "bash", args: "--fast" }] }`,
    ["run.sh"],
  ),
  ecosystem(
    "a shell script by /bin/sh",
    `{ apps: [{ name: "sh", script: "run.sh", interpreter: "/bin/sh" }] }`,
    ["run.sh"],
  ),
  ecosystem(
    "bash -c",
    `{ apps: [{ name: "sh", script: "bash", args: ["-c", "exec ./server --port 1"] }] }`,
    ["server"],
  ),
  ecosystem("a Ruby script", `{ apps: [{ name: "rb", script: "bot.rb" }] }`, ["bot.rb"]),
  ecosystem(
    "a PHP script",
    `{ apps: [{ name: "php", script: "worker.php", interpreter: "php", interpreter_args: "-d memory_limit=256M" }] }`,
    ["worker.php"],
  ),
  ecosystem("a Perl script", `{ apps: [{ name: "pl", script: "job.pl" }] }`, ["job.pl"]),
  ecosystem(
    "another Node by its path",
    `{ apps: [{ name: "web", script: "app.js", interpreter: "./nvm/versions/node/v20.11.1/bin/node" }] }`,
    ["app.js"],
    { files: { "nvm/versions/node/v20.11.1/bin/node": `#!/bin/sh\nexec node "$@"\n` } },
  ),
  ecosystem(
    "npm with another Node",
    `{ apps: [{ name: "web", script: "npm", args: "start", interpreter: "./nvm/bin/node" }] }`,
    [],
    { files: { "nvm/bin/node": `#!/bin/sh\nexec node "$@"\n` } },
  ),
  ecosystem(
    "a program by an absolute path",
    `{ apps: [{ name: "web", script: __dirname + "/opt/app/server", args: "--config a.toml" }] }`,
    ["opt/app/server"],
  ),
  ecosystem(
    "exec_interpreter none",
    `{ apps: [{ name: "web", script: "./opt/server", exec_interpreter: "none", exec_mode: "fork_mode" }] }`,
    ["opt/server"],
  ),
  ecosystem(
    "an empty interpreter",
    `{ apps: [{ name: "web", script: "app.js", interpreter: "" }] }`,
    ["app.js"],
  ),
  ecosystem(
    "a cluster of python",
    `{ apps: [{ name: "py", script: "main.py", interpreter: "python3", instances: 2 }] }`,
    ["main.py"],
  ),
];
