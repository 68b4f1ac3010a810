// A receiver of webhooks that takes next to nothing of the machine and keeps a ledger of what arrived, and when.
//
//   receiver
//
// It listens on a port of 127.0.0.1 that the system chooses and prints it. What is posted to `/hook/N` is answered with 204
// and written down; what is posted to `/silent/N` is never answered. Challenges are answered by both. `GET /counts` says how
// many messages came, and when the first and the last; `GET /ledger` gives them, one in a line: N, the microseconds at which
// it was whole, the milliseconds that its `time` says, `webhook-id`, type, study (`-` for none). `POST /forget` empties the
// ledger, after a `GET /ledger` of the same. One thread, for as many connections as there are descriptors.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 32768, ID_MAX = 48, UID_MAX = 65, TYPE_MAX = 20, EVENTS = 256 };

struct connection { int fd; size_t length; char buffer[BUFFER]; };
struct message { int64_t arrived, written; int hook; char id[ID_MAX], type[TYPE_MAX], study[UID_MAX]; };

static struct message *messages;
static size_t count, capacity, silent;

static void die(const char *what) { perror(what); exit(2); }

static int64_t microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// Copies the text of a member of the body, or of a header, up to `end`; `-` where it is absent.
static void copy(char *to, size_t size, const char *text, const char *name, char end) {
    const char *found = strcasestr(text, name);
    size_t length = 0;
    if (found != NULL) {
        for (found += strlen(name); length + 1 < size && found[length] != end && found[length] != 0; length++) {
            to[length] = found[length];
        }
    }
    if (length == 0) to[length++] = '-';
    to[length] = 0;
}

static int64_t milliseconds(const char *body) {
    char text[40];
    struct tm day = {0};
    copy(text, sizeof text, body, "\"time\":\"", '"');
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &day);
    if (rest == NULL) return 0;
    return (int64_t)timegm(&day) * 1000 + (*rest == '.' ? atoi(rest + 1) : 0);
}

static void note(int hook, const char *head, const char *body) {
    if (count == capacity) {
        capacity = capacity ? capacity * 2 : 1 << 16;
        messages = realloc(messages, capacity * sizeof *messages);
        if (messages == NULL) die("realloc");
    }
    struct message *message = &messages[count++];
    message->hook = hook;
    message->arrived = microseconds();
    message->written = milliseconds(body);
    copy(message->id, ID_MAX, head, "\r\nwebhook-id: ", '\r');
    copy(message->type, TYPE_MAX, body, "\"type\":\"", '"');
    copy(message->study, UID_MAX, body, "\"study\":\"", '"');
    // `links` has a member `study` too, which is a path and no UID.
    for (const char *at = body; (at = strstr(at, "\"study\":\"")) != NULL; at++) {
        if (at[9] != '/') { copy(message->study, UID_MAX, at, "\"study\":\"", '"'); break; }
    }
}

static void send_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return;
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void answer(int fd, const char *type, const char *body, size_t length) {
    char head[200];
    int size = snprintf(
        head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", type, length
    );
    send_all(fd, head, (size_t)size);
    send_all(fd, body, length);
}

static void ledger(int fd) {
    size_t room = count * (ID_MAX + TYPE_MAX + UID_MAX + 64) + 1, length = 0;
    char *text = malloc(room);
    if (text == NULL) die("malloc");
    for (size_t i = 0; i < count; i++) {
        struct message *m = &messages[i];
        length += (size_t)snprintf(
            text + length, room - length, "%d %lld %lld %s %s %s\n", m->hook, (long long)m->arrived,
            (long long)m->written, m->id, m->type, m->study
        );
    }
    answer(fd, "text/plain", text, length);
    free(text);
}

static void handle(struct connection *c, char *head, char *body, size_t length) {
    char kept = body[length];
    body[length] = 0;
    if (strncmp(head, "GET /counts", 11) == 0) {
        char text[200];
        int size = snprintf(
            text, sizeof text, "{\"arrived\":%zu,\"silent\":%zu,\"first\":%lld,\"last\":%lld}", count, silent,
            count ? (long long)messages[0].arrived : 0, count ? (long long)messages[count - 1].arrived : 0
        );
        answer(c->fd, "application/json", text, (size_t)size);
    } else if (strncmp(head, "GET /ledger", 11) == 0) {
        ledger(c->fd);
    } else if (strncmp(head, "POST /forget", 12) == 0) {
        count = silent = 0;
        answer(c->fd, "text/plain", "", 0);
    } else if (strstr(body, "\"webhook.challenge\"") != NULL) {
        char challenge[200], text[256];
        copy(challenge, sizeof challenge, body, "\"challenge\":\"", '"');
        int size = snprintf(text, sizeof text, "{\"challenge\":\"%s\"}", challenge);
        answer(c->fd, "application/json", text, (size_t)size);
    } else if (strncmp(head, "POST /silent/", 13) == 0) {
        silent++;
    } else if (strncmp(head, "POST /hook/", 11) == 0) {
        note(atoi(head + 11), head, body);
        static const char done[] = "HTTP/1.1 204 No Content\r\n\r\n";
        send_all(c->fd, done, sizeof done - 1);
    } else {
        answer(c->fd, "text/plain", "", 0);
    }
    body[length] = kept;
}

// Handles every request that is whole; gives -1 where the connection is of no use any more.
static int take(struct connection *c) {
    ssize_t got = read(c->fd, c->buffer + c->length, BUFFER - 1 - c->length);
    if (got <= 0) return -1;
    c->length += (size_t)got;
    c->buffer[c->length] = 0;
    size_t start = 0;
    for (;;) {
        char *head = c->buffer + start, *end = strstr(head, "\r\n\r\n");
        if (end == NULL) break;
        end[2] = 0;
        const char *field = strcasestr(head, "\r\ncontent-length:");
        size_t body = field == NULL ? 0 : strtoul(field + 17, NULL, 10), from = start + (size_t)(end - head) + 4;
        if (from + body > c->length) {
            end[2] = '\r';
            break;
        }
        handle(c, head, c->buffer + from, body);
        start = from + body;
    }
    if (start == 0 && c->length == BUFFER - 1) return -1;
    memmove(c->buffer, c->buffer + start, c->length - start);
    c->length -= start;
    c->buffer[c->length] = 0;
    return 0;
}

int main(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0), yes = 1;
    if (listener < 0 || poll < 0 || bind(listener, (struct sockaddr *)&address, size) != 0) die("bind");
    if (listen(listener, 4096) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0) die("listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL}, ready[EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wanted);
    for (;;) {
        int number = epoll_wait(poll, ready, EVENTS, -1);
        for (int i = 0; i < number; i++) {
            struct connection *c = ready[i].data.ptr;
            if (c == NULL) {
                int fd = accept(listener, NULL, NULL);
                if (fd < 0) continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                c = calloc(1, sizeof *c);
                if (c == NULL) die("calloc");
                c->fd = fd;
                wanted.data.ptr = c;
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &wanted);
            } else if (take(c) != 0) {
                close(c->fd);
                free(c);
            }
        }
    }
}
