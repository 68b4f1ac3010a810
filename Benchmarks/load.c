// A small HTTP/1.1 load client: it replays a plan of requests over a number of connections, one thread each, and says
// how many were answered, how fast, and with which statuses. Written so that on two cores the server is what is measured.
//
//   load PORT CONNECTIONS SECONDS HEADERS PLAN [RATE TIMES]
//
// HEADERS is a file with complete header lines for every request. Each line of PLAN is `METHOD PATH [BODYFILE]`, and
// after a tab a header of its own.
// SECONDS 0 means: each line once. Otherwise the plan is repeated until the time is over.
//
// With RATE every line is sent once, so many a second, whether the ones before were answered or not, and none after
// SECONDS unless those are 0; TIMES has a status of 0 for one that was not sent. What an answer took is counted from the moment at which its request was due: a server that stalls is charged for all who wait
// (no coordinated omission). TIMES is written: for each line its status, the milliseconds from then to the end of the
// answer, and the milliseconds by which it was sent late.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 16384, READ_BYTES = 262144, DROP_MAX = 1 << 20, SAMPLES_MAX = 4000000, PLAN_MAX = 2000000 };
enum { SMALL_MAX = 65536 };

struct request { char *head; size_t head_length; const char *body; size_t body_length; };
struct reader { int fd; char *buffer; size_t start, end; unsigned long long received; };

static struct request *plan;
static size_t plan_length;
static int port;
static double seconds, stop_after;
static atomic_size_t next_request;
static atomic_ullong answered, failed, received_bytes, sent_bytes, statuses[600];
static double rate, schedule_start;
static float *samples;
static struct timing { int status; float took, late; } *timings;
static atomic_size_t sample_count;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what) { perror(what); exit(2); }

static int open_connection(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

static int send_all(int fd, const struct request *request) {
    struct iovec parts[2] = {{request->head, request->head_length}, {(void *)request->body, request->body_length}};
    size_t left = request->head_length + request->body_length;
    int part = 0;
    while (left > 0) {
        ssize_t count = writev(fd, parts + part, 2 - part);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return -1;
        left -= (size_t)count;
        while (part < 2 && (size_t)count >= parts[part].iov_len) count -= (ssize_t)parts[part++].iov_len;
        if (part < 2) {
            parts[part].iov_base = (char *)parts[part].iov_base + count;
            parts[part].iov_len -= (size_t)count;
        }
    }
    return 0;
}

static int fill(struct reader *r) {
    if (r->start == r->end) r->start = r->end = 0;
    if (r->end == READ_BYTES) return -1;
    ssize_t count = read(r->fd, r->buffer + r->end, READ_BYTES - r->end);
    if (count <= 0) return -1;
    r->end += (size_t)count;
    r->received += (unsigned long long)count;
    return 0;
}

// Reads a line into `line`, without its end.
static int read_line(struct reader *r, char *line, size_t size) {
    size_t length = 0;
    for (;;) {
        while (r->start < r->end) {
            char c = r->buffer[r->start++];
            if (c == '\n') {
                if (length > 0 && line[length - 1] == '\r') length--;
                line[length] = 0;
                return 0;
            }
            if (length + 1 == size) return -1;
            line[length++] = c;
        }
        if (fill(r) != 0) return -1;
    }
}

// Drops bytes; what has not been read yet is thrown away inside the kernel (MSG_TRUNC), which copies nothing.
static int skip(struct reader *r, unsigned long long count) {
    size_t step = r->end - r->start;
    if (step > count) step = (size_t)count;
    r->start += step;
    count -= step;
    while (count > 0) {
        ssize_t dropped = recv(r->fd, NULL, count < DROP_MAX ? (size_t)count : DROP_MAX, MSG_TRUNC);
        if (dropped <= 0) return -1;
        r->received += (unsigned long long)dropped;
        count -= (unsigned long long)dropped;
    }
    return 0;
}

// A body without a length ends where the connection does.
static int skip_to_end(struct reader *r) {
    ssize_t dropped;
    r->start = r->end;
    while ((dropped = recv(r->fd, NULL, DROP_MAX, MSG_TRUNC)) > 0) r->received += (unsigned long long)dropped;
    return dropped < 0 ? -1 : 0;
}

static int skip_chunks(struct reader *r) {
    char line[HEAD_MAX];
    for (;;) {
        if (read_line(r, line, sizeof line) != 0) return -1;
        unsigned long long count = strtoull(line, NULL, 16);
        if (count == 0) {
            do { if (read_line(r, line, sizeof line) != 0) return -1; } while (line[0] != 0);
            return 0;
        }
        if (skip(r, count) != 0 || read_line(r, line, sizeof line) != 0) return -1;
    }
}

// The status, or -1; `keep` says whether the connection can be used again.
static int read_answer(struct reader *r, int *keep) {
    char line[HEAD_MAX];
    unsigned long long length = 0;
    int is_chunked = 0, has_length = 0, status;
    *keep = 1;
    if (read_line(r, line, sizeof line) != 0 || strncmp(line, "HTTP/1.1 ", 9) != 0) return -1;
    status = atoi(line + 9);
    for (;;) {
        if (read_line(r, line, sizeof line) != 0) return -1;
        if (line[0] == 0) break;
        if (strncasecmp(line, "content-length:", 15) == 0) {
            length = strtoull(line + 15, NULL, 10);
            has_length = 1;
        }
        if (strncasecmp(line, "transfer-encoding:", 18) == 0 && strcasestr(line, "chunked")) is_chunked = 1;
        if (strncasecmp(line, "connection:", 11) == 0 && strcasestr(line, "close")) *keep = 0;
    }
    if (!is_chunked && !has_length && status != 204 && status != 304) {
        *keep = 0;
        return skip_to_end(r) == 0 ? status : -1;
    }
    if (is_chunked ? skip_chunks(r) : skip(r, length)) return -1;
    return status;
}

static double due(size_t number) { return schedule_start + (double)number / rate; }

static void wait_until(double time) {
    struct timespec t = {.tv_sec = (time_t)time, .tv_nsec = (long)((time - (double)(time_t)time) * 1e9)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {}
}

static void *run(void *deadline) {
    double end = *(double *)deadline;
    struct reader r = {.fd = -1, .buffer = malloc(READ_BYTES)};
    if (r.buffer == NULL) die("malloc");
    for (;;) {
        size_t number = atomic_fetch_add(&next_request, 1);
        if (seconds == 0 ? number >= plan_length : now() >= end) break;
        const struct request *request = &plan[number % plan_length];
        if (stop_after > 0 && now() >= schedule_start + stop_after) break;
        if (rate > 0) wait_until(due(number));
        double sent = now(), began = rate > 0 ? due(number) : sent;
        int keep = 0, status = -1;
        if (r.fd < 0) { r.fd = open_connection(); r.start = r.end = 0; }
        if (send_all(r.fd, request) == 0) status = read_answer(&r, &keep);
        if (status < 0) { atomic_fetch_add(&failed, 1); keep = 0; }
        else {
            atomic_fetch_add(&answered, 1);
            atomic_fetch_add(&statuses[status % 600], 1);
            atomic_fetch_add(&sent_bytes, request->body_length);
            size_t index = atomic_fetch_add(&sample_count, 1);
            if (index < SAMPLES_MAX) samples[index] = (float)((now() - began) * 1000);
        }
        if (timings != NULL) {
            timings[number] = (struct timing){status, (float)((now() - began) * 1000), (float)((sent - began) * 1000)};
        }
        if (!keep) { close(r.fd); r.fd = -1; }
    }
    if (r.fd >= 0) close(r.fd);
    atomic_fetch_add(&received_bytes, r.received);
    free(r.buffer);
    return NULL;
}

static const char *map_file(const char *path, size_t *length) {
    struct stat info;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0) die(path);
    *length = (size_t)info.st_size;
    // A process may have 65,530 mappings: small files, of which there are many, are read.
    if (info.st_size > 0 && info.st_size <= SMALL_MAX) {
        char *copy = malloc(*length);
        if (copy == NULL || read(fd, copy, *length) != (ssize_t)*length) die(path);
        close(fd);
        return copy;
    }
    char *bytes = mmap(NULL, *length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED) die(path);
    close(fd);
    return bytes;
}

static void read_plan(const char *path, const char *headers, size_t headers_length) {
    FILE *file = fopen(path, "r");
    if (file == NULL) die(path);
    char *line = NULL;
    size_t capacity = 0;
    plan = calloc(PLAN_MAX, sizeof *plan);
    while (plan_length < PLAN_MAX && getline(&line, &capacity, file) > 0) {
        char *more = strchr(line, '\t');
        if (more != NULL) {
            *more++ = 0;
            more[strcspn(more, "\n")] = 0;
        }
        char *rest = line, *method = strsep(&rest, " \n"), *target = strsep(&rest, " \n"), *body = strsep(&rest, " \n");
        struct request *request = &plan[plan_length++];
        if (body != NULL && *body != 0) request->body = map_file(body, &request->body_length);
        char *length = NULL;
        if (request->body != NULL && asprintf(&length, "Content-Length: %zu\r\n", request->body_length) < 0) die("head");
        int count = asprintf(
            &request->head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%.*s%s%s%s\r\n", method, target, port,
            (int)headers_length, headers, length ? length : "", more ? more : "", more ? "\r\n" : ""
        );
        if (count < 0) die("head");
        request->head_length = (size_t)count;
        free(length);
    }
    free(line);
    fclose(file);
}

static void write_timings(const char *path) {
    FILE *file = fopen(path, "w");
    if (file == NULL) die(path);
    for (size_t i = 0; i < plan_length; i++) {
        fprintf(file, "%d %.3f %.3f\n", timings[i].status, timings[i].took, timings[i].late);
    }
    if (fclose(file) != 0) die(path);
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int main(int count, char **words) {
    if (count != 6 && count != 8) {
        fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS HEADERS PLAN [RATE TIMES]\n");
        return 2;
    }
    port = atoi(words[1]);
    int connections = atoi(words[2]);
    seconds = atof(words[3]);
    size_t headers_length;
    const char *headers = map_file(words[4], &headers_length);
    read_plan(words[5], headers, headers_length);
    samples = malloc(SAMPLES_MAX * sizeof *samples);
    pthread_t *threads = calloc((size_t)connections, sizeof *threads);
    if (plan_length == 0 || samples == NULL || threads == NULL) die("start");
    if (count == 8) {
        rate = atof(words[6]);
        stop_after = seconds;
        seconds = 0;
        timings = calloc(plan_length, sizeof *timings);
        if (rate <= 0 || timings == NULL) die("rate");
    }

    double began = now(), deadline = began + seconds;
    schedule_start = began + 0.1;
    for (int i = 0; i < connections; i++) if (pthread_create(&threads[i], NULL, run, &deadline) != 0) die("thread");
    for (int i = 0; i < connections; i++) pthread_join(threads[i], NULL);
    double took = now() - began;
    if (timings != NULL) write_timings(words[7]);

    size_t taken = sample_count < SAMPLES_MAX ? sample_count : SAMPLES_MAX;
    qsort(samples, taken, sizeof *samples, ascending);
    printf("{\"requests\":%llu,\"failed\":%llu,\"seconds\":%.4f,\"received\":%llu,\"sent\":%llu",
           answered, failed, took, received_bytes, sent_bytes);
    printf(",\"p50\":%.3f,\"p99\":%.3f,\"statuses\":{", taken ? samples[taken / 2] : 0, taken ? samples[taken * 99 / 100] : 0);
    const char *comma = "";
    for (int i = 0; i < 600; i++) if (statuses[i]) { printf("%s\"%d\":%llu", comma, i, statuses[i]); comma = ","; }
    printf("}}\n");
    return 0;
}
