// What the packages of this house share besides the public names, and promise to nobody else.
export {
  MAX_TIMER_MS,
  flag,
  knownKeys,
  oneOf,
  optionalFunction,
  optionalSignal,
  optionalText,
  portNumber,
  requireObject,
  textList,
  waitingTime,
  wholeNumber,
} from './option-checks.js';
