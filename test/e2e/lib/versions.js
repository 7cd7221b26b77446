import { probe } from './client.js';

// The published versions of the client that the scenarios run with. A further
// one is a line here and a line in package.json: "sdk-X.Y": "npm:tinode-sdk@…".
const published = [
  ['0.15.11', 'sdk-0.15'],
  ['0.16.10', 'sdk-0.16'],
  ['0.17.10', 'sdk-0.17'],
  ['0.18.2', 'sdk-0.18'],
  ['0.20.3', 'sdk-0.20'],
  ['0.22.13', 'sdk-0.22'],
  ['0.24.5', 'sdk-0.24'],
  ['0.25.3', 'sdk-0.25'],
];

// E2E_SDK=0.16.10,0.25.3 narrows the run while somebody works on it.
const only = process.env.E2E_SDK?.split(',');

// A version has what was published, and in api the objects of a client that is
// not connected, for lacks.
export const versions = await Promise.all(published
  .filter(([version]) => !only || only.includes(version))
  .map(async ([version, pkg]) => ({ version, pkg, api: await probe({ version, pkg }) })));

// lacks is the first feature that a version does not have, or undefined. A
// feature is a method, "topic.archive", or what a method knows,
// "tinode.account(token)".
export function lacks({ api }, features) {
  return features.find((feature) => {
    const [, owner, method, known] = feature.match(/^(\w+)\.(\w+)(?:\((\w+)\))?$/);
    if (!(owner in api)) throw new Error(`no such part of the SDK: ${feature}`);
    const has = api[owner][method];
    return !has || (known && !String(has).includes(known));
  });
}
