/** A file in a form that people have, and what is made of it. */
interface Example {
  readonly name: string;
  readonly text: string;
  readonly apps: readonly Record<string, unknown>[];
  readonly notes: readonly string[];
  readonly interpolates?: boolean;
}
export const files: Readonly<Record<string, Example>> = {
  "a web app with a database": { name: "docker-compose.yml", text: `version: "3.8"
services:
  web:
    build: .
    command: npm run dev
    ports: ["3000:3000"]
    volumes: [".:/app", "/app/node_modules"]
    environment:
      - NODE_ENV=development
      - DATABASE_URL=postgres://postgres:postgres@db:5432/app
      - HOME
    depends_on: [db, redis]
  worker:
    build: .
    command: node worker.js
    restart: unless-stopped
    depends_on: { redis: { condition: service_started } }
  db:
    image: postgres:16
    volumes: ["data:/var/lib/postgresql/data"]
  redis:
    image: redis:7
    command: redis-server --appendonly yes
volumes: { data: {} }
`, apps: [
    {name: "web",script: "npm",args: "run dev",env: {NODE_ENV: "development",DATABASE_URL: "postgres://postgres:postgres@db:5432/app"},depends_on: {redis: {condition: "service_started"}},restart: "never",kill_signal: "SIGTERM",kill_timeout: "10s"},
    {name: "worker",script: "node",args: "worker.js",depends_on: {redis: {condition: "service_started"}},restart: "always",kill_signal: "SIGTERM",kill_timeout: "10s"},
    {name: "redis",script: "redis-server",args: "--appendonly yes",restart: "never",kill_signal: "SIGTERM",kill_timeout: "10s"},
  ], notes: [
    "volumes: no field for it",
    "services.db: has no command, and its image postgres:16 names the program; it is left out",
    "services.web.volumes: an app sees the machine's own files: /app/node_modules",
    "services.web.environment.DATABASE_URL: names the host db, which is 127.0.0.1 here",
    "services.web.depends_on.db: it is left out",
    "services.redis.image: the program of redis:7 must be installed on this machine",
  ] },
  "migrations before the server": { name: "compose.yaml", text: `name: shop
services:
  migrate:
    build: { context: ./api }
    command: ["node", "migrate.js", "--to", "latest version"]
    env_file: [.env, { path: .env.local, required: false, format: raw }]
  api:
    build: { context: ./api }
    entrypoint: ["node"]
    command: ["server.js"]
    depends_on:
      migrate: { condition: service_completed_successfully }
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8080/it's up"]
      interval: 10s
      timeout: 5s
      retries: 5
      start_period: 20s
      start_interval: 1s
    restart: always
    stop_grace_period: 30s
    stop_signal: SIGQUIT
`, apps: [
    {name: "migrate",namespace: "shop",script: "node",args: ["migrate.js","--to","latest version"],cwd: "./api",type: "oneshot",env_file: [".env",{path: ".env.local",required: false}],kill_signal: "SIGTERM",kill_timeout: "10s"},
    {name: "api",namespace: "shop",script: "node",args: ["server.js"],cwd: "./api",depends_on: {migrate: {condition: "service_completed_successfully"}},restart: "always",readiness_probe: {exec: {command: "curl -f 'http://localhost:8080/it'\\''s up'"},initial_delay: "20s",period: "10s",timeout: "5s",failure_threshold: 5},kill_signal: "SIGQUIT",kill_timeout: "30s"},
  ], notes: [
    "services.api.healthcheck.start_interval: no field for it",
  ] },
  "Django with Celery": { name: "docker-compose.yaml", text: `x-app: &app
  build: .
  env_file: .env
  user: "1000:1000"
  restart: on-failure:5
services:
  web:
    <<: *app
    command: gunicorn shop.wsgi --bind 0.0.0.0:8000
    ports: ["80:8000"]
  celery:
    <<: *app
    command: celery -A shop worker -l info
    deploy: { replicas: 2, resources: { limits: { memory: 512M } } }
  beat:
    <<: *app
    command: celery -A shop beat
    profiles: [full]
`, apps: [
    {name: "web",script: "gunicorn",args: "shop.wsgi --bind 0.0.0.0:8000",env_file: ".env",restart: "on-failure",max_restarts: 5,kill_signal: "SIGTERM",kill_timeout: "10s",uid: "1000",gid: "1000"},
    {name: "celery",script: "celery",args: "-A shop worker -l info",instances: 2,exec_mode: "fork",env_file: ".env",restart: "on-failure",max_restarts: 5,memory_max: "512M",kill_signal: "SIGTERM",kill_timeout: "10s",uid: "1000",gid: "1000"},
    {name: "beat",script: "celery",args: "-A shop beat",profiles: ["full"],env_file: ".env",restart: "on-failure",max_restarts: 5,kill_signal: "SIGTERM",kill_timeout: "10s",uid: "1000",gid: "1000"},
  ], notes: [
    "services.web.ports: the program listens on 8000 itself, and not on 80",
  ] },
  "variables and a monorepo": { name: "compose.dev.yml", text: `services:
  api:
    image: node:\${NODE_VERSION:-20}
    working_dir: /srv/packages/api
    command: sh -c "npm run start -- --port \${PORT:-3000}"
    volumes: ["./:/srv", "~/.config/shop:/etc/shop:ro"]
    ports: ["\${PORT:-3000}:\${PORT:-3000}"]
    environment: { TOKEN: "\${TOKEN:?set TOKEN}", PRICE: "5$$", COUNT: 3, EMPTY: null }
  web:
    extends: api
    working_dir: /srv/packages/web
    command: [npm, start]
    volumes: ["./:/srv"]
`, apps: [
    {name: "api",script: "sh",args: "-c \"npm run start -- --port ${PORT:-3000}\"",cwd: "packages/api",env: {TOKEN: "${TOKEN:?set TOKEN}",PRICE: "5$$",COUNT: 3},restart: "never",kill_signal: "SIGTERM",kill_timeout: "10s"},
    {name: "web",extends: "api",script: "npm",args: ["start"],cwd: "packages/web"},
  ], notes: [
    "services.api.image: the program of node:${NODE_VERSION:-20} must be installed on this machine",
    "services.api.volumes: an app sees the machine's own files: ~/.config/shop:/etc/shop:ro",
  ], interpolates: true },
  "a confined service": { name: "docker-compose.prod.yml", text: `services:
  api:
    image: registry.example/api:1
    command: /usr/local/bin/api
    read_only: true
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE]
    security_opt: ["no-new-privileges:true", "apparmor:unconfined"]
    ulimits: { nofile: { soft: 1024, hard: 4096 }, nproc: 64 }
    oom_score_adj: 500
    group_add: [video]
    logging: { driver: json-file, options: { max-size: 10m, max-file: "3" } }
    networks: [back]
    healthcheck: { disable: true }
    mem_limit: 1gb
    cpus: "1.5"
    pids_limit: -1
    deploy: { resources: { limits: { pids: 64, devices: [] }, reservations: { memory: 20M } } }
    ports: [{ target: 80, published: 8080 }]
networks: { back: {} }
`, apps: [
    {name: "api",script: "/usr/local/bin/api",restart: "never",kill_signal: "SIGTERM",kill_timeout: "10s",limits: {nofile: {soft: 1024,hard: 4096},nproc: 64},oom_score_adjust: 500,supplementary_groups: ["video"],no_new_privileges: true,memory_max: "1G",cpu_max: 1.5,capabilities: ["net_bind_service"],pids_max: 64,log_max_size: "10M",log_retain: 3},
  ], notes: [
    "networks: no field for it",
    "services.api.security_opt: no field for apparmor:unconfined",
    "services.api.read_only: no field for it",
    "services.api.networks: no field for it",
    "services.api.image: the program of registry.example/api:1 must be installed on this machine",
    "services.api.ports: the program listens on 80 itself, and not on 8080",
    "services.api.deploy.resources.reservations: no field for it",
    "services.api.deploy.resources.limits.devices: no field for it",
  ] },
  "process-compose of a development shell": { name: "process-compose.yaml", text: `version: "0.5"
environment: ["ABC=222", "PC=1"]
processes:
  db:
    command: postgres -D $PGDATA
    readiness_probe:
      exec: { command: pg_isready }
      initial_delay_seconds: 2
      period_seconds: 10
      timeout_seconds: 3
      success_threshold: 1
      failure_threshold: 5
    shutdown: { signal: 2, timeout_seconds: 30 }
    availability: { restart: always, backoff_seconds: 2, max_restarts: 5 }
  migrate:
    command: ./migrate.sh
    depends_on: { db: { condition: process_healthy } }
  api:
    command: go run ./cmd/api
    working_dir: services/api
    environment: ["PORT=8080"]
    depends_on: { migrate: { condition: process_completed_successfully }, web: { condition: process_log_ready } }
    availability: { restart: exit_on_failure }
    readiness_probe: { http_get: { host: 127.0.0.1, scheme: http, path: "/healthz", port: 8080 } }
    log_location: ./api.log
  web:
    command: npm start
    ready_log_line: "ready (in 3s)."
    namespace: front
    replicas: 2
    disabled: true
    is_daemon: true
    shutdown: { command: "npm stop" }
`, apps: [
    {name: "db",script: "postgres -D $PGDATA",env: {ABC: "222",PC: "1"},restart: "always",restart_delay: 2000,max_restarts: 5,readiness_probe: {exec: {command: "pg_isready"},initial_delay: 2000,period: 10000,timeout: 3000,success_threshold: 1,failure_threshold: 5},kill_signal: "SIGINT",kill_timeout: 30000},
    {name: "migrate",script: "./migrate.sh",type: "oneshot",env: {ABC: "222",PC: "1"},depends_on: {db: {condition: "process_healthy"}},restart: "never",kill_signal: "SIGTERM",kill_timeout: 10000},
    {name: "api",script: "go run ./cmd/api",cwd: "services/api",env: {ABC: "222",PC: "1",PORT: "8080"},depends_on: {migrate: {condition: "process_completed_successfully"},web: {condition: "process_healthy"}},restart: "never",readiness_probe: {http_get: {path: "/healthz",port: 8080,host: "127.0.0.1",scheme: "http"}},kill_signal: "SIGTERM",kill_timeout: 10000,out_file: "./api.log",error_file: "./api.log"},
    {name: "web",script: "npm start",namespace: "front",instances: 2,exec_mode: "fork",env: {ABC: "222",PC: "1"},autostart: false,restart: "never",startup_probe: {log: {match: "ready \\(in 3s\\)\\."}},kill_signal: "SIGTERM",kill_timeout: 10000},
  ], notes: [
    "processes.api.availability.restart: exit_on_failure does not end the other apps",
    "processes.web.is_daemon: no field for it",
    "processes.web.shutdown.command: no field for it",
  ] },
  "process-compose with a schedule": { name: "process-compose.yml", text: `processes:
  backup:
    command: "$HOME/backup.sh"
    schedule: { cron: "0 2 * * *", timezone: Europe/Berlin, run_on_start: false }
  idle: { description: nothing yet }
`, apps: [
    {name: "backup",script: "bash",args: ["-c","$HOME/backup.sh"],type: "oneshot",schedule: {cron: "0 2 * * *",timezone: "Europe/Berlin"},restart: "never",kill_signal: "SIGTERM",kill_timeout: 10000},
  ], notes: [
    "processes.backup.schedule.run_on_start: no field for it",
    "processes.idle: has no command; it is left out",
  ] },
  "Procfile of Rails": { name: "Procfile", text: `# production
web: bundle exec puma -C config/puma.rb
worker: bundle exec sidekiq
release: bundle exec rails db:migrate
`, apps: [
    {name: "web",script: "bundle exec puma -C config/puma.rb",env_file: [{path: ".env",required: false}],env: {PORT: 5000}},
    {name: "worker",script: "bundle exec sidekiq",env_file: [{path: ".env",required: false}],env: {PORT: 5100}},
    {name: "release",script: "bundle exec rails db:migrate",env_file: [{path: ".env",required: false}],type: "oneshot",autostart: false},
  ], notes: [
  ] },
  "Procfile of Node": { name: "Procfile", text: `web: node server.js
this is no process
clock: ./clock
watch: $SHELL
`, apps: [
    {name: "web",script: "node server.js",env_file: [{path: ".env",required: false}],env: {PORT: 5000}},
    {name: "clock",script: "./clock",env_file: [{path: ".env",required: false}],env: {PORT: 5100}},
    {name: "watch",script: "bash",args: ["-c","$SHELL"],env_file: [{path: ".env",required: false}],env: {PORT: 5200}},
  ], notes: [
    "line 2: is no \"name: command\": this is no process",
  ] },
  "Procfile for development": { name: "Procfile.dev", text: `web: bin/rails server -p $PORT\r
css: yarn build:css --watch\r
`, apps: [
    {name: "web",script: "bin/rails server -p $PORT",env_file: [{path: ".env",required: false}],env: {PORT: 5000}},
    {name: "css",script: "yarn build:css --watch",env_file: [{path: ".env",required: false}],env: {PORT: 5100}},
  ], notes: [
  ] },
}; // prettier-ignore
