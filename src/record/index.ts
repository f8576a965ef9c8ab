export {
  isStart,
  type RecordedProgram,
  type RecordedRead,
  type RecordedRun,
  type Recording,
  type RecordingHead,
  readRecording,
  writeRecording,
} from "./format.ts"
export { type ContextSize, instrument } from "./instrument.ts"
export { LOST_RECORDS, RECORDS, recordingText } from "./prelude.ts"
