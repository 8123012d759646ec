/* kernel/guard_child.c: see guard_child.h. Linux: seccomp where the kernel has it. */
#define _GNU_SOURCE /* syscall numbers, sigaltstack, REG_* */
#include "kernel/guard_child.h"

#include <errno.h>
#include <fenv.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

enum { ALT_STACK = 64 * 1024 };
static const rlim_t MEMORY_MAX = (rlim_t)16 << 30;

static keel_guard_record *the_record; /* for the handler */

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)context;
    the_record->signal = number;
    the_record->code = info->si_code;
    the_record->address = (uint64_t)(uintptr_t)info->si_addr;
    if (number == SIGSYS) the_record->number = info->si_syscall;
    _exit(KEEL_GUARD_EXIT_SIGNAL);
}

static void catch_faults(void) {
    static const int SIGNALS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGXCPU};
    struct sigaction action;
    stack_t stack = {.ss_sp = malloc(ALT_STACK), .ss_size = ALT_STACK};
    if (stack.ss_sp) (void)sigaltstack(&stack, NULL); /* a full stack has no room for a handler */
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++)
        (void)sigaction(SIGNALS[i], &action, NULL);
}

/* A handler that resets itself has done so when the caller was asked before the fork: the child knows already. */
static void keep_handler(const keel_guard_options *o, int number) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) return;
    action.sa_flags &= ~(int)SA_RESETHAND;
    if (action.sa_handler == SIG_DFL && o->interrupted && o->interrupted()) action.sa_handler = SIG_IGN;
    (void)sigaction(number, &action, NULL);
}

void keel_guard_child_keep_handlers(const keel_guard_options *o) {
    keep_handler(o, SIGINT);
    keep_handler(o, SIGTERM);
}

#ifdef __GLIBC__
typedef __rlimit_resource_t limited; /* an enumeration there, an int elsewhere */
#else
typedef int limited;
#endif

static void lower(limited resource, rlim_t most) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur <= most) return;
    limit.rlim_cur = most;
    (void)setrlimit(resource, &limit);
}

static void set_limits(int opens_files) {
    lower(RLIMIT_CORE, 0);
    if (!opens_files) lower(RLIMIT_NOFILE, 0); /* those open stay open */
    lower(RLIMIT_STACK, KEEL_GUARD_STACK_MAX);
    if (!UNDER_ASAN) lower(RLIMIT_AS, MEMORY_MAX); /* the sanitizer maps terabytes */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);        /* no orphan goes on computing */
}

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH
#define LET(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY(name)                                          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (EACCES & SECCOMP_RET_DATA))

/* What a run needs: memory, its open files, time, ending. What the C library's allocator asks of itself and can do
 * without fails; anything else stops the child with SIGSYS. */
static void refuse_calls(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr)),
        LET(write),
        LET(mmap),
        LET(munmap),
        LET(mremap),
        LET(mprotect),
        LET(madvise),
        LET(brk),
        LET(exit_group),
        LET(exit),
        LET(rt_sigreturn),
        LET(rt_sigprocmask),
        LET(rt_sigaction),
        LET(sigaltstack),
        LET(futex),
        LET(clock_gettime),
        LET(gettimeofday),
        LET(getrandom),
        LET(lseek),
        LET(fstat),
        LET(newfstatat),
        LET(close),
        LET(sched_yield),
        LET(gettid),
        LET(getpid),
        LET(tgkill),
        LET(ioctl),
        LET(sched_getaffinity),
        LET(set_robust_list),
        DENY(openat),
        DENY(prctl),
        DENY(prlimit64),
        DENY(sysinfo),
        DENY(readlinkat),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = {.len = (unsigned short)(sizeof filter / sizeof *filter), .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;
    (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program); /* a kernel without it: the other limits hold */
}
#else
static void refuse_calls(void) {}
#endif

static int32_t take_exceptions(void) {
    int raised = fetestexcept(FE_DIVBYZERO | FE_INVALID);
    if (!raised) return 0;
    (void)feclearexcept(FE_ALL_EXCEPT);
    return ((raised & FE_DIVBYZERO) ? KEEL_NUMBERS_ZERO : 0) | ((raised & FE_INVALID) ? KEEL_NUMBERS_INVALID : 0);
}

static int send_all(int fd, const void *bytes, size_t size) {
    const char *from = bytes;
    while (size > 0) {
        ssize_t count = write(fd, from, size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return 0;
        from += count;
        size -= (size_t)count;
    }
    return 1;
}

_Noreturn void keel_guard_child(const keel_guard_options *o, keel_guard_record *record, keel_guard_work work,
                                void *data, int fd, int32_t parent) {
    keel_err err = {0};
    keel_strbuf out;
    keel_guard_head head;
    int here = 0;
    the_record = record;
    record->stack = (uint64_t)(uintptr_t)&here;
    memset(&head, 0, sizeof head);
    keel_strbuf_init(&out, 0);
    catch_faults();
    set_limits(o->opens_files);
    if ((int32_t)getppid() != parent) _exit(1); /* it went before its end would have been told */
    if (!o->opens_files) refuse_calls();
    if (o->numbers) *o->numbers = (keel_kernel_numbers){.take = take_exceptions};
    record->watch.numbers = o->numbers;
    o->kernel->watch(&record->watch);
    head.rc = work(data, &out, &err);
    if (head.rc == 0 && out.failed) head.rc = keel_err_set(&err, KEEL_E_NOMEM, "out of memory: %s: result", o->name);
    head.err_code = err.code;
    memcpy(head.err_text, err.text, sizeof head.err_text);
    head.size = head.rc == 0 ? out.size : 0;
    int sent = send_all(fd, &head, sizeof head) && send_all(fd, keel_strbuf_text(&out), (size_t)head.size);
    _exit(sent ? 0 : 1);
}
