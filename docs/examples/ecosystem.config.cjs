// Four programs of different kinds. Start them with `xm start docs/examples/ecosystem.config.cjs`.
module.exports = {
  apps: [
    {
      name: "api",
      script: "./api.cjs",
      cwd: __dirname,
      env: { PORT: "8790" },
      env_production: { PORT: "8791" },
    },
    {
      name: "worker",
      script: "./worker.mjs",
      cwd: __dirname,
      // It crashes now and then: wait 100 ms, 150 ms, 225 ms … before the next life.
      exp_backoff_restart_delay: 100,
      max_restarts: 10,
    },
    {
      name: "report",
      script: "./report.mjs",
      cwd: __dirname,
      // Runs once, and again every minute.
      autorestart: false,
      cron_restart: "* * * * *",
    },
    {
      name: "heartbeat",
      script: "./heartbeat.sh",
      cwd: __dirname,
      args: ["10"],
    },
  ],
};
