export { checkKfuncCall, isThrow, kfuncArity, kfuncTraits, mayCallWithLock } from "../kfuncs/call.ts"
