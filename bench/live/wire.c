/* Both ends of the wire at the least cost a machine allows: `wire load PORT...` is a client of thousands of sockets,
   spread over the ports, that obeys lines on stdin; `wire bound PORT` is a server that sends a prebuilt frame to each
   of its sockets, one send() each.

   What is said can be handed in, for an application with a room of its own: CONNECTS names a file with the CONNECT
   packets, one a line and taken in turn; JOIN is said once connected, and joined is who has its answer; POST is said for
   each message, with %s where a UUID goes; POSTED is what a message begins with, and its number follows `"seq":`.

   Lines: `connect N AT_ONCE`, `fan COUNT IN_FLIGHT`, `ack CLIENTS COUNT`, `stall N` (the last N are read no more),
   `close`; each is answered by one line of JSON. Every delivery is checked for its place in the order. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 65536, ROOM = 16384, BATCH = 512, WINDOW = 4096 };
enum state { NONE, CONNECTING, HANDSHAKE, OPENING, JOINING, ENTERING, JOINED };

struct conn {
  enum state state;
  int length, number;
  long next;
  double since;
  unsigned char buffer[ROOM];
};

static struct conn *conns[MOST];
static int epoll, listener = -1, serving, joined, highest;
static int order[MOST];
static struct sockaddr_in addresses[8];
static int ports, stalled;
static long said, fan_count, fan_next, fan_done, ack_left, ack_done, faults;
static int fan_members, wanted, started, at_once;
static const char *join, *post, *posted = "42[\"msg\",{\"n\":";
static char *connects[4096];
static int connecting;
static long seq_before = -1;
static double fan_sent[WINDOW];
static int fan_heard[WINDOW];
static double *times;
static long timed;
static double begun;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void put(int fd, const void *data, int length) {
  for (int done = 0; done < length;) {
    ssize_t n = send(fd, (const char *)data + done, length - done, MSG_NOSIGNAL);
    if (n > 0) done += n;
    else if (errno != EAGAIN && errno != EINTR) return;
  }
}

static int frame(unsigned char *into, const char *text, int length, int masked) {
  int place = 0;
  into[place++] = 0x81;
  if (length < 126) into[place++] = length | (masked ? 0x80 : 0);
  else {
    into[place++] = 126 | (masked ? 0x80 : 0);
    into[place++] = length >> 8;
    into[place++] = length & 255;
  }
  if (masked) { memset(into + place, 0, 4); place += 4; }
  memcpy(into + place, text, length);
  return place + length;
}

static void say(int fd, const char *text) {
  unsigned char made[1024];
  put(fd, made, frame(made, text, strlen(text), !serving));
}

static void forget(int fd) {
  if (!conns[fd]) return;
  if (conns[fd]->state == JOINED) joined--;
  free(conns[fd]);
  conns[fd] = NULL;
  close(fd);
}

/* The other end has hung up: nothing that is measured after this would be true. */
static void lose(int fd) {
  if (!serving) {
    fprintf(stderr, "connection %d of %d was lost in state %d\n", conns[fd]->number, started, conns[fd]->state);
    exit(1);
  }
  forget(fd);
}

static void answer(long count) {
  double seconds = now() - begun;
  int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
  }
  if (timed) qsort(times, timed, sizeof *times, compare);
  printf("{\"count\": %ld, \"seconds\": %.6f, \"p50\": %.6f, \"p99\": %.6f, \"faults\": %ld}\n", count, seconds,
         timed ? times[timed / 2] : 0, timed ? times[timed * 99 / 100] : 0, faults);
  fflush(stdout);
  timed = 0;
}

static void publish(void) {
  char text[1000], id[64];
  fan_sent[fan_next % WINDOW] = now();
  fan_heard[fan_next % WINDOW] = 0;
  snprintf(id, sizeof id, "%08x-%04x-4000-8000-%012lx", getpid(), (unsigned)time(NULL) & 65535, ++said);
  if (post) snprintf(text, sizeof text, post, id);
  else snprintf(text, sizeof text, "42[\"pub\",%ld]", fan_next);
  fan_next++;
  say(order[0], text);
}

static void open_more(void) {
  while (started < wanted && started - joined < at_once) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connect(fd, (struct sockaddr *)&addresses[started % ports], sizeof *addresses);
    conns[fd] = calloc(1, sizeof(struct conn));
    conns[fd]->state = CONNECTING;
    conns[fd]->number = started;
    order[started++] = fd;
    if (fd > highest) highest = fd;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

static void heard_by_client(int fd, char *text) {
  struct conn *c = conns[fd];
  if (!strncmp(text, posted, strlen(posted))) {
    long n;
    if (post) {
      char *seq = strstr(text, "\"seq\":");
      n = seq ? atol(seq + 6) : 0;
      if (seq_before < 0) seq_before = n - 1;
      n -= seq_before;
    } else n = atol(text + 14);
    if (c->next && n != c->next) faults++;
    c->next = n + 1;
    if (++fan_heard[n % WINDOW] == fan_members) {
      times[timed++] = now() - fan_sent[n % WINDOW];
      if (++fan_done == fan_count) answer(fan_count * fan_members);
      else if (fan_next < fan_count + 1) publish();
    }
  } else if (!strcmp(text, "2")) say(fd, "3");
  else if (!strncmp(text, "43", 2) && c->state == ENTERING) {
    c->state = JOINED;
    if (++joined == wanted) answer(wanted);
    else open_more();
  } else if (post && !strncmp(text, "43", 2)) {
    if (!strstr(text, "\"ok\"")) faults++;
  } else if (!strncmp(text, "43", 2)) {
    times[timed++] = now() - c->since;
    if (--ack_left > 0) { c->since = now(); say(fd, "427[\"echo\",1]"); }
    if (++ack_done == fan_count) answer(fan_count);
  } else if (c->state == OPENING && text[0] == '0') {
    c->state = JOINING;
    say(fd, connecting ? connects[c->number % connecting] : "40");
  }
  else if (c->state == JOINING && !strncmp(text, "40", 2) && join) {
    c->state = ENTERING;
    say(fd, join);
  } else if (c->state == JOINING && !strncmp(text, "40", 2)) {
    c->state = JOINED;
    if (++joined == wanted) answer(wanted);
    else open_more();
  }
}

static void heard_by_server(int fd, char *text) {
  if (!strcmp(text, "40")) { conns[fd]->state = JOINED; joined++; say(fd, "40{\"sid\":\"x\"}"); }
  else if (!strncmp(text, "42[\"pub\",", 9)) {
    char body[512];
    unsigned char made[600];
    snprintf(body, sizeof body, "42[\"msg\",{\"n\":%ld,\"body\":\"%0130d\"}]", atol(text + 9), 0);
    int length = frame(made, body, strlen(body), 0);
    for (int each = 0; each <= highest; each++)
      if (conns[each] && conns[each]->state == JOINED) put(each, made, length);
  } else if (!strncmp(text, "427", 3)) say(fd, "437[1]");
}

static void take(int fd) {
  struct conn *c = conns[fd];
  ssize_t n = recv(fd, c->buffer + c->length, ROOM - c->length - 1, 0);
  if (n <= 0) { if (n == 0 || (errno != EAGAIN && errno != EINTR)) lose(fd); return; }
  c->length += n;
  int place = 0;
  if (c->state == HANDSHAKE) {
    unsigned char *end = memmem(c->buffer, c->length, "\r\n\r\n", 4);
    if (!end) return;
    place = end + 4 - c->buffer;
    c->state = OPENING;
    if (serving) {
      const char *yes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
      put(fd, yes, strlen(yes));
      say(fd, "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}");
    }
  }
  while (conns[fd] && c->length - place >= 2) {
    int head = 2, length = c->buffer[place + 1] & 127;
    if (length == 126) {
      if (c->length - place < 4) break;
      length = c->buffer[place + 2] << 8 | c->buffer[place + 3];
      head = 4;
    }
    if (c->buffer[place + 1] & 128) head += 4;
    if (c->length - place < head + length) break;
    char *text = (char *)c->buffer + place + head, kept = text[length];
    text[length] = 0;
    if ((c->buffer[place] & 15) == 1) (serving ? heard_by_server : heard_by_client)(fd, text);
    if (conns[fd]) text[length] = kept;
    place += head + length;
  }
  if (!conns[fd]) return;
  memmove(c->buffer, c->buffer + place, c->length - place);
  c->length -= place;
}

static void obey(char *line) {
  int a = 0, b = 0;
  faults = 0;
  begun = now();
  if (sscanf(line, "connect %d %d", &a, &b) == 2) { wanted = a; at_once = b; started = 0; open_more(); }
  else if (sscanf(line, "fan %d %d", &a, &b) == 2) {
    fan_count = a; fan_done = 0; fan_next = 1; seq_before = -1; fan_members = joined - stalled;
    for (int each = 0; each < started; each++) if (conns[order[each]]) conns[order[each]]->next = 0;
    while (b-- > 0 && fan_next < fan_count + 1) publish();
  } else if (sscanf(line, "ack %d %d", &a, &b) == 2) {
    fan_count = b; ack_done = 0; ack_left = b - a + 1;
    for (int each = 0; each < a; each++) { conns[order[each]]->since = now(); say(order[each], "427[\"echo\",1]"); }
  } else if (sscanf(line, "stall %d", &a) == 1) {
    for (stalled = 0; stalled < a; stalled++) epoll_ctl(epoll, EPOLL_CTL_DEL, order[started - 1 - stalled], NULL);
    answer(a);
  } else {
    int count = joined;
    stalled = 0;
    for (int fd = 0; fd <= highest; fd++) if (fd > 2 && conns[fd]) forget(fd);
    answer(count);
  }
}

int main(int argc, char **argv) {
  struct rlimit most = {MOST, MOST};
  setrlimit(RLIMIT_NOFILE, &most);
  times = malloc(sizeof *times * 4000000);
  serving = !strcmp(argv[1], "bound");
  join = getenv("JOIN");
  post = getenv("POST");
  if (getenv("POSTED")) posted = getenv("POSTED");
  if (getenv("CONNECTS")) {
    FILE *file = fopen(getenv("CONNECTS"), "r");
    size_t size = 0;
    while (file && connecting < 4096 && getline(&connects[connecting], &size, file) > 0) {
      connects[connecting][strcspn(connects[connecting], "\n")] = 0;
      connecting++;
      size = 0;
    }
  }
  for (ports = 0; ports < argc - 2 && ports < 8; ports++) {
    addresses[ports] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2 + ports]))};
    inet_aton("127.0.0.1", &addresses[ports].sin_addr);
  }
  epoll = epoll_create1(0);
  int watched = 0;
  if (serving) {
    int yes = 1;
    watched = listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)addresses, sizeof *addresses) || listen(listener, 4096)) return 1;
  }
  struct epoll_event event = {.events = EPOLLIN, .data.fd = watched}, events[BATCH];
  epoll_ctl(epoll, EPOLL_CTL_ADD, watched, &event);
  for (;;) {
    int ready = epoll_wait(epoll, events, BATCH, -1);
    for (int n = 0; n < ready; n++) {
      int fd = events[n].data.fd;
      if (fd == listener) {
        int client, yes = 1;
        while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
          conns[client] = calloc(1, sizeof(struct conn));
          conns[client]->state = HANDSHAKE;
          if (client > highest) highest = client;
          event = (struct epoll_event){.events = EPOLLIN, .data.fd = client};
          epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
        }
      } else if (!serving && fd == 0) {
        char line[256];
        ssize_t length = read(0, line, sizeof line - 1);
        if (length <= 0) return 0;
        line[length] = 0;
        obey(line);
      } else if (conns[fd] && conns[fd]->state == CONNECTING) {
        char asked[512];
        snprintf(asked, sizeof asked,
                 "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                 "Sec-WebSocket-Version: 13\r\n%s\r\n",
                 getenv("DEFLATE") ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "");
        conns[fd]->state = HANDSHAKE;
        put(fd, asked, strlen(asked));
        event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
      } else if (conns[fd]) take(fd);
    }
  }
}
