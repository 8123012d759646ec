/* port/local_real.c: see local.h. Unix domain sockets that do not wait. Read, write, close and wait are those of
 * net_real.c. */
#define _GNU_SOURCE /* struct ucred */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "port/local.h"

enum { WAITING_MAX = 16 };

/* The address of dir/name. Where its path is too long for one, the folder's own file descriptor stands for the folder;
 * it stays open in *ret_dir until the address was used. 0 or -errno. */
static int address_of(const char *dir, const char *name, struct sockaddr_un *ret, int *ret_dir) {
    struct stat st;
    memset(ret, 0, sizeof *ret);
    ret->sun_family = AF_UNIX;
    *ret_dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_dir < 0) return -errno;
    int size = snprintf(ret->sun_path, sizeof ret->sun_path, "%s/%s", dir, name);
    if (size > 0 && size < (int)sizeof ret->sun_path) return 0;
    size = snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d", *ret_dir);
    int rc = size > 0 && stat(ret->sun_path, &st) == 0 ? 0 : -ENAMETOOLONG;
    if (rc == 0) {
        size = snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/%s", *ret_dir, name);
        if (size < 0 || size >= (int)sizeof ret->sun_path) rc = -ENAMETOOLONG;
    }
    if (rc == 0) return 0;
    (void)close(*ret_dir);
    *ret_dir = -1;
    return rc;
}

/* The name in an open folder, when it is a socket's. 0, also when there is none; -EEXIST, -errno. */
static int unlink_socket(int dir, const char *name) {
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode)) return -EEXIST;
    return unlinkat(dir, name, 0) == 0 ? 0 : -errno;
}

static int new_socket(void) {
    int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return s < 0 ? -errno : s;
}

/* The mode of an unbound socket becomes that of its name: at no moment it is a wider one. */
static int bind_private(int s, const struct sockaddr_un *a, int dir, const char *name) {
    struct stat st;
    if (fchmod(s, 0600) != 0) return -errno;
    if (bind(s, (const struct sockaddr *)a, sizeof *a) != 0) return -errno;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
    if ((st.st_mode & 07177) != 0) return -EPERM;
    return listen(s, WAITING_MAX) == 0 ? 0 : -errno;
}

static int real_listen(void *ctx, const char *dir, const char *name) {
    struct sockaddr_un a;
    int folder;
    (void)ctx;
    int rc = address_of(dir, name, &a, &folder);
    if (rc < 0) return rc;
    rc = unlink_socket(folder, name);
    int s = rc == 0 ? new_socket() : rc;
    if (s >= 0) rc = bind_private(s, &a, folder, name);
    (void)close(folder);
    if (s < 0) return s;
    if (rc == 0) return s;
    (void)close(s);
    return rc;
}

static int real_accept(void *ctx, int listener) {
    (void)ctx;
    int s = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (s >= 0) return s;
    return errno == EINTR || errno == ECONNABORTED || errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

static int real_connect(void *ctx, const char *dir, const char *name) {
    struct sockaddr_un a;
    int folder;
    (void)ctx;
    int rc = address_of(dir, name, &a, &folder);
    if (rc < 0) return rc;
    int s = new_socket();
    if (s >= 0 && connect(s, (const struct sockaddr *)&a, sizeof a) != 0) rc = errno == EINTR ? -EAGAIN : -errno;
    (void)close(folder);
    if (s < 0) return s;
    if (rc == 0) return s;
    (void)close(s);
    return rc;
}

/* Asked once: a directory of users may lie at the other end of a network. */
static const char *name_of(uid_t uid) {
    static _Thread_local char name[KEEL_LOCAL_USER_MAX];
    static _Thread_local uid_t whose;
    if (!name[0] || whose != uid) {
        const struct passwd *entry = getpwuid(uid);
        (void)snprintf(name, sizeof name, "%.60s", entry ? entry->pw_name : "unknown");
        whose = uid;
    }
    return name;
}

static int real_peer(void *ctx, int conn, keel_local_peer *ret) {
    struct ucred who;
    socklen_t size = sizeof who;
    (void)ctx;
    if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return -errno;
    *ret = (keel_local_peer){.uid = who.uid, .pid = who.pid, .own_uid = geteuid()};
    (void)snprintf(ret->user, sizeof ret->user, "%s", name_of(who.uid));
    return 0;
}

static int64_t real_read(void *ctx, int conn, void *ret_bytes, size_t size) {
    (void)ctx;
    return keel_net_real()->read(NULL, conn, ret_bytes, size);
}

static int64_t real_write(void *ctx, int conn, const void *bytes, size_t size) {
    (void)ctx;
    return keel_net_real()->write(NULL, conn, bytes, size);
}

static void real_close(void *ctx, int conn) {
    (void)ctx;
    keel_net_real()->close(NULL, conn);
}

static int real_wait(void *ctx, int conn, int want, int64_t until_mono_ns) {
    (void)ctx;
    return keel_net_real()->wait(NULL, conn, want, until_mono_ns);
}

static int real_remove(void *ctx, const char *dir, const char *name) {
    (void)ctx;
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return -errno;
    int rc = unlink_socket(folder, name);
    (void)close(folder);
    return rc;
}

const keel_local *keel_local_real(void) {
    static const keel_local REAL = {NULL,      real_listen, real_accept, real_connect, real_peer,
                                    real_read, real_write,  real_close,  real_wait,    real_remove};
    return &REAL;
}
