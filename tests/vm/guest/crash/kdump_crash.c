// Crashes the kernel that loads it in the way that is written to its parameter `crash`; at_init: in
// its init function. Two of its threads stay behind, one that holds a mutex and one that waits for
// it, so that every crash report has blocked tasks.
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/objtool.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/wait.h>

static DEFINE_MUTEX(crash_lock);
static DECLARE_WAIT_QUEUE_HEAD(crash_queue);
static int sink;

// barrier(): no call becomes a jump.
static noinline int crash_read(int *p)
{
	barrier();
	return *p + 1;
}

static noinline int crash_inner(int *p)
{
	int value = crash_read(p);

	barrier();
	return value * 2;
}

static noinline int crash_outer(int *p)
{
	int value = crash_inner(p);

	barrier();
	return value * 3;
}

static noinline void crash_oops(void)
{
	sink = crash_outer((int *)8);
}

static noinline void crash_bug(void)
{
	BUG_ON(READ_ONCE(sink) == 0);
	barrier();
}

static noinline int crash_overflow(int depth)
{
	volatile char room[512];

	room[0] = depth;
	if (depth < 0)
		return 0;
	return crash_overflow(depth + 1) + room[0];
}

#ifdef CONFIG_X86_64
static noinline void crash_without_stack(void)
{
	asm volatile("xor %%esp, %%esp; push %%rax" : : : "memory");
	barrier();
}
STACK_FRAME_NON_STANDARD(crash_without_stack);
#else
static void crash_without_stack(void)
{
}
#endif

static void crash_irq_work(struct irq_work *work)
{
	crash_oops();
}
static struct irq_work irq_work;

static void crash_timer(struct timer_list *timer)
{
	crash_oops();
}
static struct timer_list timer;

static noinline void crash_spin(void)
{
	for (;;)
		WRITE_ONCE(sink, READ_ONCE(sink) + 1);
}

static int spinner(void *data)
{
	rcu_read_lock();
	preempt_disable();
	crash_spin();
	preempt_enable();
	rcu_read_unlock();
	return 0;
}

static noinline void crash_holds(void)
{
	mutex_lock(&crash_lock);
	wait_event(crash_queue, READ_ONCE(sink) < 0);
	mutex_unlock(&crash_lock);
}

static int holder(void *data)
{
	crash_holds();
	return 0;
}

static noinline void crash_waits(void)
{
	mutex_lock(&crash_lock);
	sink = -2;
	mutex_unlock(&crash_lock);
}

static int waiter(void *data)
{
	while (!mutex_is_locked(&crash_lock))
		msleep(20);
	crash_waits();
	return 0;
}

static int set_crash(const char *value, const struct kernel_param *parameter)
{
	if (sysfs_streq(value, "oops")) {
		crash_oops();
	} else if (sysfs_streq(value, "bug")) {
		crash_bug();
	} else if (sysfs_streq(value, "overflow")) {
		sink = crash_overflow(0);
	} else if (sysfs_streq(value, "double-fault")) {
		crash_without_stack();
	} else if (sysfs_streq(value, "hardirq")) {
		init_irq_work(&irq_work, crash_irq_work);
		irq_work_queue(&irq_work);
	} else if (sysfs_streq(value, "softirq")) {
		timer_setup(&timer, crash_timer, 0);
		mod_timer(&timer, jiffies + HZ / 2);
	} else if (sysfs_streq(value, "spin")) {
		kthread_run(spinner, NULL, "crash_spinner");
	} else {
		return -EINVAL;
	}
	return 0;
}
static const struct kernel_param_ops crash_ops = { .set = set_crash };
module_param_cb(crash, &crash_ops, NULL, 0200);

static bool at_init;
module_param(at_init, bool, 0);

static int __init crash_init(void)
{
	kthread_run(holder, NULL, "crash_holder");
	kthread_run(waiter, NULL, "crash_waiter");
	if (at_init)
		crash_oops();
	return 0;
}

static void __exit crash_exit(void)
{
}

module_init(crash_init);
module_exit(crash_exit);
MODULE_DESCRIPTION("crashes the kernel, for tests");
MODULE_LICENSE("GPL");
MODULE_VERSION("1.2");
