import { availableParallelism, loadavg } from 'node:os';

// slow is how much slower than usual a machine is said to be: PARLEY_WEB_SLOW=3.
// The time that the client takes to start is measured against it.
export const slow = Math.max(1, Number(process.env.PARLEY_WEB_SLOW) || 1);

// patience is by how much longer than usual tests wait before they give up. It
// makes nothing slower, so that the load of the machine counts, too.
export const patience = Math.max(slow, Math.min(6, loadavg()[0] / availableParallelism()));
