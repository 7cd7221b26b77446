import { expect, it } from 'vitest';
import { deviceName } from './deviceName';

it.each([
  ['ParleyWeb/1.0 (Chrome/140.0; Linux x86_64); tinodejs/0.25.3', 'web', 'Chrome, Linux'],
  ['ParleyWeb/1.0 (Firefox/140.0; MacIntel); tinodejs/0.25.3', 'web', 'Firefox, macOS'],
  ['Tindroid/0.25 (Android 14; en); tindroid', 'android', 'Tindroid, Android'],
  ['Saturday/0.1', 'android', 'Saturday, Android'],
  ['', 'ios', 'iOS'],
  [undefined, undefined, ''],
])('%s, %s', (ua, platform, name) => expect(deviceName(ua, platform)).toBe(name));
