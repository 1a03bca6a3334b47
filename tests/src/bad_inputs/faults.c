/* Makes system calls on regular files fail, for one process.
 *
 * Nothing happens until the file that FAULTS names exists. It then says what:
 *   sync N    after N of them, one fsync or fdatasync fails with EIO; as with a
 *             real disk, the next ones succeed although data is missing
 *   write P   a write takes only half of its bytes, with this probability
 * The first time it strikes, a file FAULTS.hit appears. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int armed; /* 0: not yet, 1: sync, 2: write */
static atomic_long left;
static _Thread_local unsigned seed = 1;
static double chance;

static int kind(void) {
    int now = atomic_load(&armed);
    const char *path = getenv("FAULTS");
    if (now || !path) return now;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    char text[64] = {0};
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return 0;
    if (!strncmp(text, "sync ", 5)) {
        int none = 0;
        atomic_store(&left, atol(text + 5));
        atomic_compare_exchange_strong(&armed, &none, 1);
    } else if (!strncmp(text, "write ", 6)) {
        chance = atof(text + 6);
        atomic_store(&armed, 2);
    }
    return atomic_load(&armed);
}

static int regular(int fd) {
    struct stat stat;
    return !fstat(fd, &stat) && S_ISREG(stat.st_mode);
}

static void hit(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s.hit", getenv("FAULTS"));
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
}

static int sync_with(const char *name, int fd) {
    if (regular(fd) && kind() == 1 && atomic_fetch_sub(&left, 1) == 0) {
        hit();
        errno = EIO;
        return -1;
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(fd);
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }

static size_t cut(int fd, size_t n) {
    if (n < 2 || !regular(fd) || kind() != 2) return n;
    if (rand_r(&seed) >= chance * RAND_MAX) return n;
    hit();
    return n / 2;
}

ssize_t write(int fd, const void *bytes, size_t n) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    return real(fd, bytes, cut(fd, n));
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    return real(fd, bytes, cut(fd, n), at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    return real(fd, bytes, cut(fd, n), at);
}
