import type { Feature } from '../app/feature';
import { CallButtons } from './CallButtons';
import { CallLayer } from './CallLayer';
import { watchCalls } from './watch';

export const feature: Feature = { head: CallButtons, overlay: CallLayer, start: watchCalls };
