const LENGTH = "measure a string with a bounded loop, or by the result of bpf_probe_read_kernel_str()"
const COMPARE = "compare strings with bpf_strncmp(), or with a bounded loop"
const COPY = "copy with __builtin_memcpy(), bpf_probe_read_kernel_str() or a bounded loop"
const SEARCH = "search with a bounded loop"
const PRINT = "print with bpf_printk(), or send what is to be printed to user space"
const FORMAT = "format with bpf_snprintf()"
const NUMBER = "read a number with bpf_strtol() or bpf_strtoul()"
const MEMORY = "memory comes from a map or a ring buffer"
const END = "a program ends by returning"

const INSTEAD: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      [LENGTH, "strlen strnlen"],
      [COMPARE, "strcmp strncmp strcasecmp strncasecmp"],
      [COPY, "strcpy strncpy strlcpy stpcpy strcat strncat strdup mempcpy"],
      [SEARCH, "strchr strrchr strstr memchr strspn strcspn strpbrk strtok"],
      [PRINT, "printf fprintf puts putchar perror"],
      [FORMAT, "sprintf snprintf"],
      [NUMBER, "atoi atol strtol strtoul strtoll strtoull"],
      [MEMORY, "malloc calloc realloc free"],
      [END, "abort exit assert"],
    ] as const
  ).flatMap(([instead, names]) => names.split(" ").map(name => [name, instead])),
)

/** What to do instead of calling a function of the C library, by its name or that of its builtin; undefined for other names. */
export function insteadOfLibrary(name: string): string | undefined {
  const plain = name.replace(/^__builtin_/, "")
  return Object.hasOwn(INSTEAD, plain) ? `BPF programs have no C library: ${INSTEAD[plain]}` : undefined
}
