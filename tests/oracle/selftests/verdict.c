// Loads every program of BPF objects by itself with libbpf and says what the kernel thinks of it, one line a program, fields between tabs:
//   OBJECT  PROGRAM  0 or a negative errno  instructions that the verifier went through  the last line of its log
// A line "OBJECT  -  errno" says that the object could not be opened.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char log_text[1 << 22];
static char messages[1 << 16];

static int keep(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t length = strlen(messages);
	if (level <= LIBBPF_WARN && length < sizeof(messages) - 1)
		vsnprintf(messages + length, sizeof(messages) - length, format, args);
	return 0;
}

/* The first thing that libbpf complained of. */
static const char *complaint(char *text)
{
	char *end = strchr(text, '\n');
	if (end)
		*end = 0;
	return text;
}

/* The last line that says something: the verifier ends with a count of what it has done. */
static const char *reason(char *text)
{
	static char line[512];
	line[0] = 0;
	for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n")) {
		if (!strncmp(at, "processed ", 10) || !strncmp(at, "verification time", 17) || !strncmp(at, "stack depth", 11) ||
		    strstr(at, "END PROG LOAD LOG") || !*at)
			continue;
		snprintf(line, sizeof(line), "%s", at);
	}
	for (char *at = line; *at; at++)
		if (*at == '\t')
			*at = ' ';
	return line;
}

static int one(const char *path, int index)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program, *wanted = NULL;
	int i = 0;
	if (!object) {
		printf("%s\t-\t%d\t0\t%s\n", path, -errno, complaint(messages));
		return 0;
	}
	bpf_object__for_each_program(program, object) {
		bpf_program__set_autoload(program, i == index);
		if (i++ == index)
			wanted = program;
	}
	if (!wanted)
		return 0;
	/* Sizes that the tests' own loaders set. */
	struct bpf_map *map;
	bpf_object__for_each_map(map, object) {
		enum bpf_map_type type = bpf_map__type(map);
		if (bpf_map__max_entries(map) == 0 && (type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_USER_RINGBUF))
			bpf_map__set_max_entries(map, getpagesize());
	}
	log_text[0] = 0;
	bpf_program__set_log_buf(wanted, log_text, sizeof(log_text));
	int err = bpf_object__load(object);
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	if (!err)
		bpf_obj_get_info_by_fd(bpf_program__fd(wanted), &info, &length);
	const char *why = !err ? "" : log_text[0] ? reason(log_text) : complaint(messages);
	printf("%s\t%s\t%d\t%u\t%s\n", path, bpf_program__name(wanted), err, info.verified_insns, why);
	fflush(stdout);
	bpf_object__close(object);
	return 1;
}

int main(int argc, char **argv)
{
	libbpf_set_print(keep);
	for (int i = 1; i < argc; i++) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			for (int index = 0; messages[0] = 0, one(argv[i], index); index++)
				;
			fflush(stdout);
			_exit(0);
		}
		int status = 0;
		waitpid(child, &status, 0);
		if (status)
			printf("%s\t-\t-1\t0\tlibbpf ended with status %d\n", argv[i], status);
	}
	return 0;
}
