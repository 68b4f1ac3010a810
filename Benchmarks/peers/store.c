// A DICOMweb store with nothing in it but what is stored while it runs, for measuring what is in front of it.
//
//   store [BACKLOG]
//
// It listens on a port of 127.0.0.1 that the system chooses and prints it. A small file that is stored (STOW-RS, one
// instance in a request) is its own study; searches and metadata (QIDO-RS, WADO-RS) of one study or one instance give all
// its attributes at every level, searches of everything give nothing. `GET /counts` says what was asked of it. One thread
// per connection; it takes a few percent of a core for some hundred requests a second.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 16384, BODY_MAX = 1 << 20, TEXT_MAX = 8192, UID_MAX = 65, SLOTS = 1 << 18, VALUE_MAX = 1024 };

struct study { char study[UID_MAX], series[UID_MAX], instance[UID_MAX], class[UID_MAX]; char *attributes; };
struct stream { int fd; size_t start, end; char buffer[HEAD_MAX]; };
struct text { size_t length; char bytes[TEXT_MAX]; };

static struct study *by_study[SLOTS], *by_instance[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_ullong stored, asked, walks;
static int port;

static void die(const char *what) { perror(what); exit(2); }

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(text->bytes + text->length, TEXT_MAX - text->length, format, arguments);
    va_end(arguments);
    if (count > 0) text->length += (size_t)count;
    if (text->length >= TEXT_MAX) text->length = TEXT_MAX - 1;
}

// The slot of a UID in a table, or the empty one where it would go. The table is never full.
static struct study **slot(struct study **table, const char *uid, size_t offset) {
    uint64_t hash = 14695981039346656037ull;
    for (const char *c = uid; *c; c++) hash = (hash ^ (unsigned char)*c) * 1099511628211ull;
    size_t index = hash % SLOTS;
    while (table[index] != NULL && strcmp((char *)table[index] + offset, uid) != 0) index = (index + 1) % SLOTS;
    return &table[index];
}

static struct study *find(struct study **table, const char *uid, size_t offset) {
    pthread_mutex_lock(&lock);
    struct study *found = *slot(table, uid, offset);
    pthread_mutex_unlock(&lock);
    return found;
}

static int keep(struct study *study) {
    pthread_mutex_lock(&lock);
    int is_full = atomic_load(&stored) >= SLOTS / 2;
    if (!is_full) {
        *slot(by_study, study->study, offsetof(struct study, study)) = study;
        *slot(by_instance, study->instance, offsetof(struct study, instance)) = study;
        atomic_fetch_add(&stored, 1);
    }
    pthread_mutex_unlock(&lock);
    return is_full ? -1 : 0;
}

// A value as JSON: names are objects, whole numbers are numbers, the rest is text with what JSON escapes left out.
static void add_value(struct text *text, uint32_t tag, const char *vr, const char *bytes, size_t length) {
    char value[VALUE_MAX];
    size_t kept = 0;
    for (size_t i = 0; i < length && kept + 1 < VALUE_MAX; i++) {
        if ((unsigned char)bytes[i] >= ' ' && bytes[i] != '"' && bytes[i] != '\\') value[kept++] = bytes[i];
    }
    while (kept > 0 && value[kept - 1] == ' ') kept--;
    value[kept] = 0;
    if (kept == 0) return;
    add(text, "%s\"%08X\":{\"vr\":\"%s\",\"Value\":[", text->length ? "," : "", tag, vr);
    if (strcmp(vr, "PN") == 0) add(text, "{\"Alphabetic\":\"%s\"}]}", value);
    else if (strcmp(vr, "IS") == 0) add(text, "%d]}", atoi(value));
    else add(text, "\"%s\"]}", value);
}

static void copy_uid(char *into, const char *bytes, size_t length) {
    if (length >= UID_MAX) length = UID_MAX - 1;
    memcpy(into, bytes, length);
    into[length] = 0;
    while (length > 0 && (into[length - 1] == ' ' || into[length - 1] == 0)) into[--length] = 0;
}

// Reads the elements of a file in explicit little-endian up to its pixels; sequences are not expected.
static struct study *read_file(const unsigned char *bytes, size_t length) {
    struct study *study = calloc(1, sizeof *study);
    struct text text = {0};
    char modality[VALUE_MAX] = "OT";
    size_t at = 0;
    while (study != NULL && at + 8 <= length) {
        uint32_t tag = (uint32_t)(bytes[at] | bytes[at + 1] << 8) << 16 | (uint32_t)(bytes[at + 2] | bytes[at + 3] << 8);
        char vr[3] = {(char)bytes[at + 4], (char)bytes[at + 5], 0};
        int is_long = strstr("OB OW OF SQ UN UT UC UR", vr) != NULL;
        size_t count = (size_t)(bytes[at + 6] | bytes[at + 7] << 8);
        at += 8;
        if (is_long) {
            if (at + 4 > length) break;
            count = (size_t)bytes[at] | (size_t)bytes[at + 1] << 8 | (size_t)bytes[at + 2] << 16 | (size_t)bytes[at + 3] << 24;
            at += 4;
        }
        if (tag >= 0x7FE00000 || count > length - at) break;
        const char *value = (const char *)bytes + at;
        at += count;
        if (tag == 0x00080016) copy_uid(study->class, value, count);
        if (tag == 0x00080018) copy_uid(study->instance, value, count);
        if (tag == 0x0020000D) copy_uid(study->study, value, count);
        if (tag == 0x0020000E) copy_uid(study->series, value, count);
        if (tag == 0x00080060) copy_uid(modality, value, count);
        if (tag >= 0x00080000 && !is_long && strcmp(vr, "US") != 0) add_value(&text, tag, vr, value, count);
    }
    if (study == NULL || !study->study[0] || !study->series[0] || !study->instance[0]) { free(study); return NULL; }
    add_value(&text, 0x00080061, "CS", modality, strlen(modality));
    for (uint32_t tag = 0x00201206; tag <= 0x00201209; tag++) if (tag != 0x00201207) add_value(&text, tag, "IS", "1", 1);
    study->attributes = strdup(text.bytes);
    return study;
}

static int fill(struct stream *s) {
    if (s->start == s->end) s->start = s->end = 0;
    if (s->end == HEAD_MAX) return -1;
    ssize_t count = read(s->fd, s->buffer + s->end, HEAD_MAX - s->end);
    if (count <= 0) return -1;
    s->end += (size_t)count;
    return 0;
}

static int read_line(struct stream *s, char *line, size_t size) {
    size_t length = 0;
    for (;;) {
        while (s->start < s->end) {
            char c = s->buffer[s->start++];
            if (c == '\n') {
                if (length > 0 && line[length - 1] == '\r') length--;
                line[length] = 0;
                return 0;
            }
            if (length + 1 == size) return -1;
            line[length++] = c;
        }
        if (fill(s) != 0) return -1;
    }
}

static int read_bytes(struct stream *s, char *into, size_t count) {
    while (count > 0) {
        if (s->start == s->end && fill(s) != 0) return -1;
        size_t step = s->end - s->start < count ? s->end - s->start : count;
        memcpy(into, s->buffer + s->start, step);
        s->start += step;
        into += step;
        count -= step;
    }
    return 0;
}

// The length of the body, or -1.
static ssize_t read_body(struct stream *s, char *body, size_t length, int is_chunked) {
    char line[TEXT_MAX];
    if (!is_chunked) return length <= BODY_MAX && read_bytes(s, body, length) == 0 ? (ssize_t)length : -1;
    size_t total = 0;
    for (;;) {
        if (read_line(s, line, sizeof line) != 0) return -1;
        size_t count = strtoul(line, NULL, 16);
        if (count == 0) return read_line(s, line, sizeof line) == 0 ? (ssize_t)total : -1;
        if (total + count > BODY_MAX || read_bytes(s, body + total, count) != 0) return -1;
        if (read_line(s, line, sizeof line) != 0) return -1;
        total += count;
    }
}

static int answer(int fd, const char *status, const char *head, const char *tail, const char *middle) {
    static const char form[] = "HTTP/1.1 %s\r\nContent-Type: application/dicom+json\r\nContent-Length: %zu\r\n\r\n%s%s%s";
    char *bytes = NULL;
    int count = asprintf(&bytes, form, status, strlen(head) + strlen(middle) + strlen(tail), head, middle, tail);
    if (count < 0) return -1;
    for (int sent = 0; sent < count;) {
        ssize_t step = send(fd, bytes + sent, (size_t)(count - sent), MSG_NOSIGNAL);
        if (step <= 0) { free(bytes); return -1; }
        sent += (int)step;
    }
    free(bytes);
    return 0;
}

static int no_content(int fd) {
    static const char bytes[] = "HTTP/1.1 204 No Content\r\n\r\n";
    return send(fd, bytes, sizeof bytes - 1, MSG_NOSIGNAL) == sizeof bytes - 1 ? 0 : -1;
}

static int store(int fd, const char *body, size_t length) {
    const char *mark = memmem(body, length, "DICM", 4);
    struct study *study = mark ? read_file((const unsigned char *)mark + 4, length - (size_t)(mark + 4 - body)) : NULL;
    if (study == NULL || keep(study) != 0) return answer(fd, "409 Conflict", "{}", "", "");
    struct text text = {0};
    add(&text, "{\"00081150\":{\"vr\":\"UI\",\"Value\":[\"%s\"]},\"00081155\":{\"vr\":\"UI\",\"Value\":[\"%s\"]},",
        study->class, study->instance);
    add(&text, "\"00081190\":{\"vr\":\"UR\",\"Value\":[\"http://127.0.0.1:%d/dicom-web/studies/%s/series/%s/instances/%s\"]}}",
        port, study->study, study->series, study->instance);
    return answer(fd, "200 OK", "{\"00081199\":{\"vr\":\"SQ\",\"Value\":[", "]}}", text.bytes);
}

// The value after a name within the target, up to what divides.
static int value_after(const char *target, const char *name, char *value) {
    const char *found = strstr(target, name);
    if (found == NULL) return 0;
    found += strlen(name);
    size_t count = strcspn(found, "/?&");
    if (count == 0 || count >= UID_MAX) return 0;
    memcpy(value, found, count);
    value[count] = 0;
    return 1;
}

static int search(int fd, const char *target) {
    char uid[UID_MAX];
    struct study *study = NULL;
    if (value_after(target, "/studies/", uid) || value_after(target, "StudyInstanceUID=", uid)
        || value_after(target, "0020000D=", uid)) {
        study = find(by_study, uid, offsetof(struct study, study));
    } else if (value_after(target, "SOPInstanceUID=", uid) || value_after(target, "00080018=", uid)) {
        study = find(by_instance, uid, offsetof(struct study, instance));
    } else {
        atomic_fetch_add(&walks, 1);
    }
    char offset[UID_MAX];
    if (study == NULL || (value_after(target, "offset=", offset) && atoi(offset) > 0)) return no_content(fd);
    return answer(fd, "200 OK", "[{", "}]", study->attributes);
}

static int counts(int fd) {
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "{\"stored\":%llu,\"asked\":%llu,\"walks\":%llu}", stored, asked, walks);
    return answer(fd, "200 OK", "", "", text);
}

static void *serve(void *argument) {
    struct stream *s = argument;
    char line[HEAD_MAX], target[HEAD_MAX], *body = malloc(BODY_MAX);
    while (body != NULL && read_line(s, line, sizeof line) == 0) {
        char *rest = line, *method = strsep(&rest, " "), *found = strsep(&rest, " ");
        if (method == NULL || found == NULL) break;
        int is_post = strcmp(method, "POST") == 0, is_chunked = 0;
        strcpy(target, found);
        size_t length = 0;
        int is_broken = 0;
        while (!(is_broken = read_line(s, line, sizeof line)) && line[0] != 0) {
            if (strncasecmp(line, "content-length:", 15) == 0) length = strtoul(line + 15, NULL, 10);
            if (strncasecmp(line, "transfer-encoding:", 18) == 0 && strcasestr(line, "chunked")) is_chunked = 1;
        }
        ssize_t received = is_broken ? -1 : read_body(s, body, length, is_chunked);
        if (received < 0) break;
        atomic_fetch_add(&asked, 1);
        int failed;
        if (is_post) failed = store(s->fd, body, (size_t)received);
        else if (strcmp(target, "/counts") == 0) failed = counts(s->fd);
        else failed = search(s->fd, target);
        if (failed) break;
    }
    close(s->fd);
    free(body);
    free(s);
    return NULL;
}

int main(int count, char **words) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0) die("bind");
    if (listen(listener, count > 1 ? atoi(words[1]) : 256) != 0) die("listen");
    if (getsockname(listener, (struct sockaddr *)&address, &size) != 0) die("getsockname");
    port = ntohs(address.sin_port);
    printf("%d\n", port);
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct stream *s = calloc(1, sizeof *s);
        if (s == NULL) die("calloc");
        s->fd = fd;
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, s) != 0) die("thread");
        pthread_detach(thread);
    }
}
