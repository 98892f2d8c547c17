/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <poll.h>
#include <sys/socket.h>

#include "backend.h"
#include "deadline.h"
#include "diag.h"
#include "fuzz.h"
#include "nft_attr.h"
#include "nft_socket.h"
#include "util.h"

/*
 * Input from the netlink socket: datagrams of any bytes and any length, from any sender,
 * and errors instead of datagrams. There is no socket: the fuzz input says what is
 * received. Each request ends with a result; a failure is reported.
 *
 * The input is a sequence of datagrams: a byte with the kind, one with the length in
 * units of four bytes, and the bytes. In most, the sequence number and the port are
 * corrected.
 */

static struct input left;
static uint32_t seq; /* of the last request */
static size_t taken;

struct mnl_socket;
struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags);
int __wrap_mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid);
unsigned int __wrap_mnl_socket_get_portid(const struct mnl_socket *nl);
int __wrap_mnl_socket_get_fd(const struct mnl_socket *nl);
int __wrap_mnl_socket_close(struct mnl_socket *nl);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *data, size_t size);
int __wrap_mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);

#define PORT 77

struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return (struct mnl_socket *)&left;
}

int __wrap_mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

unsigned int __wrap_mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return PORT;
}

int __wrap_mnl_socket_get_fd(const struct mnl_socket *nl)
{
	(void)nl;
	return -1;
}

int __wrap_mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	return 0;
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *data, size_t size)
{
	const struct nlmsghdr *nlh = data;

	(void)nl;
	/* There is something up to the last byte. */
	for (size_t i = 0; i < size; i++)
		seq += ((const uint8_t *)data)[i];
	seq = nlh->nlmsg_seq;
	return (ssize_t)size;
}

int __wrap_mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len)
{
	(void)nl;
	(void)type;
	(void)buf;
	(void)len;
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	(void)fds;
	(void)n;
	(void)timeout;
	return 1;
}

/* Complete messages get the numbers of an answer to this request. */
static void put_right(uint8_t *data, size_t size)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)data;
	int rest = (int)size;

	for (; mnl_nlmsg_ok(nlh, rest) && nlh->nlmsg_len <= size; nlh = mnl_nlmsg_next(nlh, &rest)) {
		/* In a batch, the number of the message that the low bits select. */
		nlh->nlmsg_seq = seq + (nlh->nlmsg_seq & 3);
		nlh->nlmsg_pid = PORT;
	}
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
	static const int errors[] = { EINTR, ENOBUFS, EAGAIN, ENOMEM };
	struct sockaddr_nl *from = message->msg_name;
	uint8_t kind = input_byte(&left);
	size_t size = 4 * (size_t)input_byte(&left);

	(void)fd;
	(void)flags;
	/* After the end of the input the socket stays broken, or empty. */
	if (!left.n) {
		errno = kind & 1 ? ENOMEM : EAGAIN;
		deadline_start(0);
		return -1;
	}
	if (kind < 16) {
		errno = errors[kind % ARRAY_SIZE(errors)];
		return -1;
	}
	message->msg_namelen = kind == 16 ? 2 : sizeof(*from);
	from->nl_pid = kind == 17;
	message->msg_flags = kind == 18 ? MSG_TRUNC : 0;
	REQUIRE(size <= message->msg_iov->iov_len, "a buffer of %zu bytes",
		message->msg_iov->iov_len);
	/* The last bytes need not be whole words. */
	if (kind & 0x40)
		size -= size < 3 ? size : kind & 3;
	if (size > left.n)
		size = left.n;
	input_bytes(&left, message->msg_iov->iov_base, size);
	if (kind & 0x80)
		put_right(message->msg_iov->iov_base, size);
	return (ssize_t)size;
}

static void take(const struct nlmsghdr *nlh, void *data)
{
	struct nft_attrs attrs;

	(void)data;
	taken++;
	nft_attrs_message(&attrs, nlh, UINT32_MAX);
	for (size_t i = 0; i < NFT_ATTRS; i++) {
		nft_attrs_nested(&(struct nft_attrs){ 0 }, attrs.v[i], UINT32_MAX);
		nft_attr_string(attrs.v[i]);
	}
}

static void require_said(int result)
{
	REQUIRE(result == BACKEND_OK || result == BACKEND_CHANGED || result == BACKEND_FAILED,
		"%d", result);
	REQUIRE(result != BACKEND_FAILED || diag_first_error(), "it failed without a report");
}

static void send_batch(struct nft_socket *nft, unsigned int messages)
{
	struct nft_batch batch;
	struct nft_refusals refusals = { 0 };
	int result;

	nft_batch_begin(&batch, nft, 5);
	for (unsigned int i = 0; i <= messages; i++)
		nft_batch_close(&batch, nft_batch_open(&batch, NFT_MSG_NEWCHAIN, AF_INET, 0));
	result = nft_batch_send(&batch, nft, messages & 1, &refusals);
	if (!refusals.n)
		require_said(result);
	REQUIRE(!refusals.n || result != BACKEND_OK, "%zu refusals", refusals.n);
	for (size_t i = 0; i < refusals.n; i++) {
		const struct nft_refusal *refusal = &refusals.v[i];

		REQUIRE(strnlen(refusal->text, sizeof(refusal->text)) < sizeof(refusal->text),
			"no end");
		REQUIRE(refusal->message <= batch.messages, "message %u", refusal->message);
	}
	nft_refusals_clear(&refusals);
	nft_batch_free(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t what = size ? data[0] : 0;
	struct nft_socket *nft;
	uint32_t generation = 0;

	left = (struct input){ data + 1, size ? size - 1 : 0 };
	diag_setup(0, true);
	deadline_start(1000);
	nft = nft_socket_open();
	switch (what & 3) {
	case 0:
		require_said(nft_generation(nft, &generation));
		break;
	case 1:
		send_batch(nft, what >> 2);
		break;
	default:
		nft_request_begin(nft, NFT_MSG_GETRULE, AF_INET);
		require_said(nft_request(nft, take, NULL));
	}
	nft_socket_close(nft);
	diag_cleanup();
	return 0;
}
