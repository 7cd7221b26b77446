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

export const versions = published
  .filter(([version]) => !only || only.includes(version))
  .map(([version, pkg]) => ({ version, pkg }));
