// Takes jobs off an imaginary queue; now and then one is broken and takes the worker down with it.
let job = 0;

setInterval(() => {
  job += 1;
  if (Math.random() < 0.05) throw new Error(`job ${job} is broken`);
  console.log(`job ${job} done`);
}, 1000);
