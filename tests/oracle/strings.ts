import { fn, type OracleFunction } from "./oracleFunction.ts"

const text = "char s[6] = {'h', a & 1 ? 'i' : 'o', b & 1 ? 'v' : 0, 'e', c & 1 ? 's' : 0, 0};"
const sign = (call: string) => `({ int d = ${call}; (d > 0) - (d < 0); })`

/** Strings of which one, or the number of bytes to look at, is known. */
export const strings: readonly OracleFunction[] = [
  fn(`${text} return ${sign('__builtin_strcmp(s, "hive")')}`),
  fn(`${text} return ${sign('__builtin_strcmp(s, "hives")')} * 4 + ${sign('__builtin_strcmp("ho", s)')}`),
  fn(`${text} return ${sign('__builtin_strcmp(s, "")')} * 4 + !__builtin_strcmp(s, "hi")`),
  fn(
    `${text} return ${sign('__builtin_strncmp(s, "hi\\xff", 2)')} * 4 + ${sign('__builtin_strncmp(s, "hi\\xff", 3)')}`,
  ),
  fn(`${text} return ${sign('__builtin_strncmp(s, "hiv", 0)')} * 4 + ${sign('__builtin_strncmp(s, "hive", 100)')}`),
  fn(`${text} char t[6] = {'h', 'i', c & 1 ? 'v' : 'w', 0, 0, 'x'}; return ${sign("__builtin_strncmp(s, t, 6)")}`),
  fn(`return ${sign('__builtin_strcmp("hive", "hives")')} + (a ? ${sign('__builtin_strncmp("b", "a", 3)')} : 0)`),
  fn(`char s[8]; __builtin_strcpy(s, "hive"); s[a & 3] ^= b; return *(u32 *) s + s[4]`),
  fn(
    `${text} return ${sign("__builtin_strcmp(hive, s)")} + __builtin_strcmp(hive, "hive")`,
    'const char hive[] = "hive";',
  ),
]
