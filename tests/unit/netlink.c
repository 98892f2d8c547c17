/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "deadline.h"
#include "diag.h"
#include "netinfo_read.h"
#include "netlink.h"
#include "nft_socket.h"
#include "rulespec.h"

/*
 * A kernel that never answers: no request reaches it, since this function replaces
 * libmnl's. Every function that waits for an answer stops at the time limit and reports
 * that, once.
 */
ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *data, size_t size)
{
	(void)socket;
	(void)data;
	return (ssize_t)size;
}

static int start_all(void **state)
{
	(void)state;
	diag_setup(0, true);
	deadline_start(1);
	deadline_step("waiting in vain");
	/* A wait without an end fails the test. */
	alarm(20);
	return 0;
}

static int stop_all(void **state)
{
	(void)state;
	alarm(0);
	diag_cleanup();
	return 0;
}

static void assert_timed_out(void)
{
	assert_non_null(diag_first_error());
	assert_string_equal(diag_first_error(),
			    "timed out after 1 s while waiting in vain; raise the limit with --timeout");
}

static void no_routes(void **state)
{
	struct netinfo info = { 0 };

	(void)state;
	assert_int_equal(netinfo_read(&info), -1);
	assert_timed_out();
	assert_int_equal(info.nifs, 0);
}

static void no_generation(void **state)
{
	struct nft_socket *nft = nft_socket_open();
	uint32_t generation = 0;

	(void)state;
	assert_non_null(nft);
	assert_int_equal(nft_generation(nft, &generation), BACKEND_FAILED);
	assert_timed_out();
	nft_socket_close(nft);
}

/* The child waits for the revision of the match, the parent waits for the child. */
static void no_revision(void **state)
{
	const char *text = "-m conntrack --ctstate NEW -j ACCEPT";
	struct strings chains = { 0 };
	struct spec spec = { 0 };

	(void)state;
	assert_int_equal(rulespec_parse(FAMILY_IPV4, &text, 1, &chains, &spec), -1);
	assert_timed_out();
}

static void no_answer(void **state)
{
	struct netlink *netlink = netlink_open(NETLINK_ROUTE);
	struct netlink_messages messages;
	struct netlink_end end;

	(void)state;
	assert_non_null(netlink);
	assert_int_equal(netlink_receive(netlink, &messages), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(netlink_wait(netlink, 1), 0);
	assert_int_equal(netlink_answer(netlink, 1, NULL, NULL, &end), -1);
	assert_int_equal(errno, 0);
	assert_timed_out();
	assert_int_equal(netlink_wait(netlink, 1), -1);
	assert_int_equal(errno, 0);
	netlink_close(netlink);
}

static void put(uint8_t *to, uint32_t length)
{
	struct nlmsghdr header = { .nlmsg_len = length };

	memcpy(to, &header, sizeof(header));
}

/* Returns how many messages are found in n bytes with these two lengths in them. */
static unsigned int found(uint32_t first, uint32_t second, size_t n)
{
	uint8_t bytes[64] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct netlink_messages messages = { bytes, n };
	unsigned int count = 0;

	put(bytes, first);
	put(bytes + (first > 16 && first < 32 ? NLMSG_ALIGN(first) : 16), second);
	while (netlink_next(&messages))
		count++;
	return count;
}

static void whole_messages(void **state)
{
	(void)state;
	assert_int_equal(found(16, 16, 32), 2);
	assert_int_equal(found(16, 16, 31), 1);
	assert_int_equal(found(16, 16, 15), 0);
	assert_int_equal(found(16, 16, 0), 0);
	/* The last message without its padding, and one before it. */
	assert_int_equal(found(16, 17, 33), 2);
	assert_int_equal(found(17, 16, 36), 2);
	assert_int_equal(found(17, 16, 17), 1);
	/* Too short, too long, and too long for an int. */
	assert_int_equal(found(15, 16, 32), 0);
	assert_int_equal(found(0, 16, 32), 0);
	assert_int_equal(found(16, 17, 32), 1);
	assert_int_equal(found(0x80000010U, 16, 64), 0);
	assert_int_equal(found(UINT32_MAX, 16, 64), 0);
}

static void errors(void **state)
{
	(void)state;
	assert_int_equal(netlink_errno(0), 0);
	assert_int_equal(netlink_errno(-EPERM), EPERM);
	assert_int_equal(netlink_errno(-4095), 4095);
	assert_int_equal(netlink_errno(EPERM), EPROTO);
	assert_int_equal(netlink_errno(-4096), EPROTO);
	assert_int_equal(netlink_errno(INT32_MIN), EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_routes, start_all, stop_all),
		cmocka_unit_test_setup_teardown(no_generation, start_all, stop_all),
		cmocka_unit_test_setup_teardown(no_revision, start_all, stop_all),
		cmocka_unit_test_setup_teardown(no_answer, start_all, stop_all),
		cmocka_unit_test(whole_messages),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
