export { checkKfuncCall, isThrow, kfuncTraits, mayCallWithLock } from "../kfuncs/call.ts"
