/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "backend.h"
#include "deadline.h"
#include "diag.h"
#include "nft_attr.h"
#include "patience.h"
#include "util.h"

#define BUFFER_SIZE 65536    /* the kernel answers with no more than 32 KiB at once */
#define MESSAGE_MAX 131072   /* the longest rule, with its names */
#define SEND_DEFAULT 65536   /* what every socket can send at once */

struct nft_socket {
	struct mnl_socket *socket; /* NULL: the kernel has none */
	unsigned int port;
	uint32_t seq;
	bool absent;
	uint8_t *buffer; /* for questions and answers; owned */
};

static int failed(const char *what)
{
	diag_error("cannot %s nf_tables: %s%s", what, strerror(errno),
		   errno == EPERM ? "; run as root (CAP_NET_ADMIN)" : "");
	return BACKEND_FAILED;
}

struct nft_socket *nft_socket_open(void)
{
	struct nft_socket *nft = xcalloc(1, sizeof(*nft));

	nft->buffer = xcalloc(1, BUFFER_SIZE);
	nft->seq = (uint32_t)clock_ms();
	nft->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nft->socket && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT)) {
		nft->absent = true;
		return nft;
	}
	if (!nft->socket || mnl_socket_bind(nft->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		failed("open a socket to");
		nft_socket_close(nft);
		return NULL;
	}
	nft->port = mnl_socket_get_portid(nft->socket);
	return nft;
}

void nft_socket_close(struct nft_socket *nft)
{
	if (!nft)
		return;
	if (nft->socket)
		mnl_socket_close(nft->socket);
	free(nft->buffer);
	free(nft);
}

bool nft_socket_absent(const struct nft_socket *nft)
{
	return nft->absent;
}

static int send_all(struct nft_socket *nft, const void *data, size_t size)
{
	while (mnl_socket_sendto(nft->socket, data, size) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

/*
 * Receives a datagram of the kernel's without waiting; others may write to the
 * socket, too. Returns its bytes, or -1 with errno.
 */
static ssize_t receive(struct nft_socket *nft)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec part = { nft->buffer, BUFFER_SIZE };
		struct msghdr message = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &part,
			.msg_iovlen = 1,
		};
		ssize_t n = recvmsg(mnl_socket_get_fd(nft->socket), &message, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n >= 0 && message.msg_flags & MSG_TRUNC) {
			errno = ENOSPC;
			return -1;
		}
		if (n >= 0 && (message.msg_namelen != sizeof(from) || from.nl_pid))
			continue;
		return n;
	}
}

/* The answer is there when the question was sent, so this hardly ever waits. */
static ssize_t receive_waiting(struct nft_socket *nft)
{
	struct pollfd fd = { .fd = mnl_socket_get_fd(nft->socket), .events = POLLIN };
	ssize_t n;

	while ((n = receive(nft)) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		if (deadline_check()) {
			errno = 0;
			return -1;
		}
		if (poll(&fd, 1, deadline_poll(NETLINK_STEP_MS)) < 0 && errno != EINTR)
			return -1;
	}
	return n;
}

/* ---- questions ---- */

struct nlmsghdr *nft_question(struct nft_socket *nft, uint16_t type, int af)
{
	return nftnl_nlmsg_build_hdr((char *)nft->buffer, type, (uint16_t)af, 0, ++nft->seq);
}

/* Whether a whole message is there; libmnl takes a length beyond 2 GiB for a fitting one. */
static bool is_message(const struct nlmsghdr *nlh, int left)
{
	return mnl_nlmsg_ok(nlh, left) && nlh->nlmsg_len <= (unsigned int)left;
}

struct answer {
	void (*take)(const struct nlmsghdr *nlh, void *data);
	void *data;
	bool cut;  /* by a change of the tables */
	bool done;
	int error; /* errno */
};

/* The kernel's errors are from -1 to -4095; another number is none of its own. */
static int errno_of(int error)
{
	return !error ? 0 : error < 0 && error >= -4095 ? -error : EPROTO;
}

/* The error in a message that ends the answer; 0 for a good end. */
static int end_error(const struct nlmsghdr *nlh)
{
	int error = 0;

	if (nlh->nlmsg_len >= MNL_NLMSG_HDRLEN + sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	return error < 0 ? errno_of(error) : 0;
}

static void take_message(struct answer *answer, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->cut = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return;
	case NLMSG_OVERRUN:
		answer->cut = true;
		return;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		answer->error = end_error(nlh);
		answer->done = true;
		return;
	default:
		/* What was cut is not worth reading, but the socket is emptied. */
		if (!answer->cut)
			answer->take(nlh, answer->data);
		if (!(nlh->nlmsg_flags & NLM_F_MULTI))
			answer->done = true;
	}
}

/* Returns 0 at the end of the answer, -1 with errno where it did not come. */
static int take_answer(struct nft_socket *nft, struct answer *answer)
{
	while (!answer->done) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)nft->buffer;
		ssize_t n = receive_waiting(nft);
		int left = (int)n;

		if (n < 0)
			return -1;
		for (; is_message(nlh, left) && !answer->done; nlh = mnl_nlmsg_next(nlh, &left))
			/* What is left of an earlier answer has another number. */
			if (nlh->nlmsg_seq == nft->seq && nlh->nlmsg_pid == nft->port)
				take_message(answer, nlh);
	}
	return 0;
}

/* Sends the question and takes the answer; its own error is in answer. */
static int exchange(struct nft_socket *nft, struct answer *answer)
{
	const struct nlmsghdr *nlh = (struct nlmsghdr *)nft->buffer;

	if (send_all(nft, nlh, nlh->nlmsg_len))
		return failed("ask");
	if (!take_answer(nft, answer))
		return answer->cut || answer->error == EINTR ? BACKEND_CHANGED : BACKEND_OK;
	/* The answer did not fit the socket's buffer: it has a hole. */
	if (errno == ENOBUFS)
		return BACKEND_CHANGED;
	return errno ? failed("read") : BACKEND_FAILED;
}

int nft_ask(struct nft_socket *nft, void (*take)(const struct nlmsghdr *nlh, void *data),
	    void *data)
{
	struct answer answer = { .take = take, .data = data };
	int status;

	((struct nlmsghdr *)nft->buffer)->nlmsg_flags |= NLM_F_DUMP;
	status = exchange(nft, &answer);
	errno = answer.error;
	return !status && errno ? failed("read") : status;
}

static void take_generation(const struct nlmsghdr *nlh, void *data)
{
	struct nft_attrs attrs;

	nft_attrs_message(&attrs, nlh, NFT_ATTR(NFTA_GEN_ID));
	nft_attr_u32(attrs.v[NFTA_GEN_ID], data);
}

int nft_generation(struct nft_socket *nft, uint32_t *generation)
{
	struct answer answer = { .take = take_generation, .data = generation };
	int status;

	if (nft->absent)
		return BACKEND_OK;
	nft_question(nft, NFT_MSG_GETGEN, AF_UNSPEC);
	status = exchange(nft, &answer);
	/* nfnetlink says that it has no such part. */
	if (!status && (answer.error == EINVAL || answer.error == EOPNOTSUPP)) {
		nft->absent = true;
		diag_step(2, "this kernel has no nf_tables");
		return BACKEND_OK;
	}
	errno = answer.error;
	return !status && errno ? failed("read") : status;
}

/* ---- batches ---- */

/* Zeroed: what pads an attribute goes to the kernel, too. */
static uint8_t *batch_room(struct nft_batch *batch)
{
	while (batch->room - batch->n < MESSAGE_MAX) {
		size_t before = batch->room;

		batch->room = before ? 2 * before : 2 * MESSAGE_MAX;
		batch->v = xreallocarray(batch->v, batch->room, 1);
		memset(batch->v + before, 0, batch->room - before);
	}
	return batch->v + batch->n;
}

void nft_batch_begin(struct nft_batch *batch, struct nft_socket *nft, uint32_t generation)
{
	struct nlmsghdr *nlh;

	*batch = (struct nft_batch){ .seq = ++nft->seq };
	nlh = nftnl_batch_begin((char *)batch_room(batch), batch->seq);
	mnl_attr_put_u32(nlh, NFNL_BATCH_GENID, htonl(generation));
	batch->n = nlh->nlmsg_len;
}

struct nlmsghdr *nft_batch_open(struct nft_batch *batch, uint16_t type, int af, uint16_t flags)
{
	char *at = (char *)batch_room(batch);

	batch->last = batch->n;
	return nftnl_nlmsg_build_hdr(at, type, (uint16_t)af, flags, batch->seq + ++batch->messages);
}

void nft_batch_close(struct nft_batch *batch, const struct nlmsghdr *nlh)
{
	batch->n += MNL_ALIGN(nlh->nlmsg_len);
}

void nft_batch_free(struct nft_batch *batch)
{
	free(batch->v);
	*batch = (struct nft_batch){ 0 };
}

/* The attributes behind an error message, which newer kernels add. */
static void take_details(const struct nlmsghdr *nlh, const struct nlmsgerr *error,
			 struct nft_refusal *refusal)
{
	size_t at = MNL_NLMSG_HDRLEN + sizeof(*error);
	struct nft_attrs attrs;
	const char *text;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		at += MNL_ALIGN(error->msg.nlmsg_len) - MNL_NLMSG_HDRLEN;
	if (at > nlh->nlmsg_len)
		return;
	nft_attrs_parse(&attrs, (const uint8_t *)nlh + at, nlh->nlmsg_len - at,
			NFT_ATTR(NLMSGERR_ATTR_MSG) | NFT_ATTR(NLMSGERR_ATTR_OFFS));
	text = nft_attr_string(attrs.v[NLMSGERR_ATTR_MSG]);
	if (text)
		strncpy(refusal->text, text, sizeof(refusal->text) - 1);
	/* The one number in the byte order of the host. */
	if (nft_attr_u32(attrs.v[NLMSGERR_ATTR_OFFS], &refusal->offset))
		refusal->offset = htonl(refusal->offset);
}

/* Keeps the first refusal; *confirmed where the last message was carried out. */
static void take_verdict(const struct nft_batch *batch, const struct nlmsghdr *nlh,
			 struct nft_refusal *refusal, bool *confirmed)
{
	uint32_t message = nlh->nlmsg_seq - batch->seq;
	struct nlmsgerr error;

	if (nlh->nlmsg_type != NLMSG_ERROR || message > batch->messages ||
	    nlh->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(error))
		return;
	memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	if (!error.error && message == batch->messages)
		*confirmed = true;
	if (!error.error || (refusal->error && refusal->message <= message))
		return;
	*refusal = (struct nft_refusal){ .error = errno_of(error.error), .message = message };
	take_details(nlh, &error, refusal);
}

/* All verdicts are there once the batch was sent. Returns -1, said. */
static int take_verdicts(const struct nft_batch *batch, struct nft_socket *nft,
			 struct nft_refusal *refusal, bool *confirmed)
{
	for (;;) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)nft->buffer;
		ssize_t n = receive(nft);
		int left = (int)n;

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		/* More refusals than the socket holds: the first ones are there. */
		if (n < 0 && errno == ENOBUFS)
			continue;
		if (n < 0)
			return failed("learn whether the change was made from");
		for (; is_message(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			take_verdict(batch, nlh, refusal, confirmed);
	}
}

/* A batch goes out in one piece, however long it is. */
static void make_room(struct nft_socket *nft, size_t size)
{
	int fd = mnl_socket_get_fd(nft->socket), bytes = (int)size, one = 1;

	/* The second needs no right, but has a limit. Where that does not suffice,
	 * sending says so. */
	if (size > SEND_DEFAULT &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	/* Better messages, from kernels that have them. */
	(void)mnl_socket_setsockopt(nft->socket, NETLINK_EXT_ACK, &one, sizeof(one));
	(void)mnl_socket_setsockopt(nft->socket, NETLINK_CAP_ACK, &one, sizeof(one));
}

int nft_batch_send(struct nft_batch *batch, struct nft_socket *nft, struct nft_refusal *refusal)
{
	bool confirmed = false;
	struct nlmsghdr *nlh;

	*refusal = (struct nft_refusal){ 0 };
	/* The kernel is silent where all went well, and silence proves nothing. */
	nlh = (struct nlmsghdr *)(batch->v + batch->last);
	nlh->nlmsg_flags |= NLM_F_ACK;
	nft->seq = batch->seq + batch->messages + 1;
	nlh = nftnl_batch_end((char *)batch_room(batch), nft->seq);
	batch->n += MNL_ALIGN(nlh->nlmsg_len);

	if (batch->n > INT32_MAX / 2) {
		diag_error("cannot write nf_tables: %zu bytes of changes are too many at once",
			   batch->n);
		return BACKEND_FAILED;
	}
	make_room(nft, batch->n);
	if (send_all(nft, batch->v, batch->n)) {
		diag_error("cannot write nf_tables: %s%s; nothing was written", strerror(errno),
			   errno == EPERM ? "; run as root (CAP_NET_ADMIN)" : "");
		return BACKEND_FAILED;
	}
	if (take_verdicts(batch, nft, refusal, &confirmed))
		return BACKEND_FAILED;
	if (refusal->error == ERESTART)
		return BACKEND_CHANGED;
	if (!refusal->error && !confirmed)
		diag_error("nf_tables did not say whether the change was made; check again");
	return !refusal->error && confirmed ? BACKEND_OK : BACKEND_FAILED;
}
