// Loads every program of BPF objects by itself with libbpf and says what the kernel thinks of it, one line a program, fields between tabs:
//   OBJECT  PROGRAM  0 or a negative errno  instructions that the verifier went through  digest of the instructions  why not
// "OBJECT  -  errno" says that the object could not be opened, and "OBJECT  *  errno" what became of all that libbpf loads by itself, at once.
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

/* A text without the marks that separate fields and lines. */
static const char *plain(char *text)
{
	for (char *at = text; *at; at++)
		if (*at == '\t' || *at == '\n')
			*at = ' ';
	return text;
}

/* The first thing that libbpf complained of. */
static const char *complaint(char *text)
{
	char *end = strchr(text, '\n');
	if (end)
		*end = 0;
	return plain(text);
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
	return plain(line);
}

/* Sizes that the tests' own loaders set. */
static void give_sizes(struct bpf_object *object)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, object) {
		enum bpf_map_type type = bpf_map__type(map);
		if (bpf_map__max_entries(map) == 0 && (type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_USER_RINGBUF))
			bpf_map__set_max_entries(map, getpagesize());
	}
}

static struct bpf_object *open_object(const char *path)
{
	messages[0] = log_text[0] = 0;
	return bpf_object__open_file(path, NULL);
}

/* All programs but those that are switched off. Says whether the object could be opened. */
static int all(const char *path)
{
	struct bpf_object *object = open_object(path);
	if (!object) {
		printf("%s\t-\t%d\t0\t\t%s\n", path, -errno, complaint(messages));
		return 0;
	}
	give_sizes(object);
	int err = bpf_object__load(object);
	printf("%s\t*\t%d\t0\t\t%s\n", path, err, err ? complaint(messages) : "");
	fflush(stdout);
	bpf_object__close(object);
	return 1;
}

/* The program at a place. Says whether there is one. */
static int one(const char *path, int index)
{
	struct bpf_object *object = open_object(path);
	struct bpf_program *program, *wanted = NULL;
	int i = 0;
	if (!object)
		return 0;
	bpf_object__for_each_program(program, object) {
		bpf_program__set_autoload(program, i == index);
		if (i++ == index)
			wanted = program;
	}
	if (!wanted)
		return 0;
	give_sizes(object);
	bpf_program__set_log_buf(wanted, log_text, sizeof(log_text));
	int err = bpf_object__load(object);
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	if (!err)
		bpf_obj_get_info_by_fd(bpf_program__fd(wanted), &info, &length);
	const char *why = !err ? "" : log_text[0] ? reason(log_text) : complaint(messages);
	printf("%s\t%s\t%d\t%u\t", path, bpf_program__name(wanted), err, info.verified_insns);
	for (int byte = 0; byte < BPF_TAG_SIZE; byte++)
		printf("%02x", info.tag[byte]);
	printf("\t%s\n", why);
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
			if (all(argv[i]))
				for (int index = 0; one(argv[i], index); index++)
					;
			fflush(stdout);
			_exit(0);
		}
		int status = 0;
		waitpid(child, &status, 0);
		if (status)
			printf("%s\t-\t-1\t0\t\tlibbpf ended with status %d\n", argv[i], status);
	}
	return 0;
}
