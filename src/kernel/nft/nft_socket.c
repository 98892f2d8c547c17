/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "backend.h"
#include "deadline.h"
#include "diag.h"
#include "netlink.h"
#include "nft_attr.h"
#include "nft_headers.h"
#include "patience.h"
#include "util.h"

#define QUESTION_MAX 8192  /* a header and a few names */
#define MESSAGE_MAX 131072 /* the longest rule, with its names */

struct nft_socket {
	struct netlink *netlink; /* NULL: the kernel has none */
	uint32_t seq;
	bool absent;
	uint8_t *question; /* owned */
};

static int socket_failed(const char *what)
{
	diag_error("cannot %s nf_tables: %s%s", what, strerror(errno),
		   errno == EPERM ? "; run as root (CAP_NET_ADMIN)" : "");
	return BACKEND_FAILED;
}

struct nft_socket *nft_socket_open(void)
{
	struct nft_socket *nft = xcalloc(1, sizeof(*nft));

	nft->question = xcalloc(1, QUESTION_MAX);
	nft->seq = (uint32_t)clock_ms();
	nft->netlink = netlink_open(NETLINK_NETFILTER);
	if (!nft->netlink && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT)) {
		nft->absent = true;
		return nft;
	}
	if (!nft->netlink) {
		socket_failed("open a socket to");
		nft_socket_close(nft);
		return NULL;
	}
	return nft;
}

void nft_socket_close(struct nft_socket *nft)
{
	if (!nft)
		return;
	netlink_close(nft->netlink);
	free(nft->question);
	free(nft);
}

uint32_t nft_socket_port(const struct nft_socket *nft)
{
	return nft->netlink ? netlink_port(nft->netlink) : 0;
}

bool nft_socket_absent(const struct nft_socket *nft)
{
	return nft->absent;
}

/* ---- queries ---- */

struct nlmsghdr *nft_request_begin(struct nft_socket *nft, uint16_t type, int af)
{
	return nftnl_nlmsg_build_hdr((char *)nft->question, type, (uint16_t)af, 0, ++nft->seq);
}

/* Sends the query and receives the answer; *error gets the kernel's refusal. */
static int exchange(struct nft_socket *nft, void (*take)(const struct nlmsghdr *nlh, void *data),
		    void *data, int *error)
{
	const struct nlmsghdr *nlh = (struct nlmsghdr *)nft->question;
	struct netlink_end end;

	if (netlink_send(nft->netlink, nlh, nlh->nlmsg_len))
		return errno ? socket_failed("query") : BACKEND_FAILED;
	if (!netlink_answer(nft->netlink, nlh->nlmsg_seq, take, data, &end)) {
		*error = end.error;
		return end.cut || end.error == EINTR ? BACKEND_CHANGED : BACKEND_OK;
	}
	/* The answer overflowed the socket's buffer, so a part is missing. */
	if (errno == ENOBUFS)
		return BACKEND_CHANGED;
	return errno ? socket_failed("read") : BACKEND_FAILED;
}

int nft_request(struct nft_socket *nft, void (*take)(const struct nlmsghdr *nlh, void *data),
	    void *data)
{
	int error = 0, status;

	((struct nlmsghdr *)nft->question)->nlmsg_flags |= NLM_F_DUMP;
	status = exchange(nft, take, data, &error);
	/* What it names has been listed before. */
	if (!status && error == ENOENT)
		return BACKEND_CHANGED;
	errno = error;
	return !status && errno ? socket_failed("read") : status;
}

static void take_generation(const struct nlmsghdr *nlh, void *data)
{
	struct nft_attrs attrs;

	nft_attrs_message(&attrs, nlh, NFT_ATTR(NFTA_GEN_ID));
	nft_attr_u32(attrs.v[NFTA_GEN_ID], data);
}

int nft_generation(struct nft_socket *nft, uint32_t *generation)
{
	int error = 0, status;

	if (nft->absent)
		return BACKEND_OK;
	nft_request_begin(nft, NFT_MSG_GETGEN, AF_UNSPEC);
	status = exchange(nft, take_generation, generation, &error);
	/* nfnetlink reports that it has no such subsystem. */
	if (!status && (error == EINVAL || error == EOPNOTSUPP)) {
		nft->absent = true;
		diag_step(2, "this kernel has no nf_tables");
		return BACKEND_OK;
	}
	errno = error;
	return !status && errno ? socket_failed("read") : status;
}

/* ---- batches ---- */

/* Zeroed, since the padding of attributes also goes to the kernel. */
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

/* Reads the attributes that newer kernels add after an error message. */
static void note_details(const struct nlmsghdr *nlh, const struct nlmsgerr *error,
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
	/* Unlike all others, this number has the byte order of the host. */
	if (nft_attr_u32(attrs.v[NLMSGERR_ATTR_OFFS], &refusal->offset))
		refusal->offset = htonl(refusal->offset);
}

void nft_refusals_clear(struct nft_refusals *refusals)
{
	free(refusals->v);
	*refusals = (struct nft_refusals){ 0 };
}

/* Keeps a refusal; sets *confirmed if the last message was carried out. */
static void note_refusal(const struct nft_batch *batch, const struct nlmsghdr *nlh,
			 struct nft_refusals *refusals, bool *confirmed)
{
	uint32_t message = nlh->nlmsg_seq - batch->seq;
	struct nft_refusal *refusal;
	struct nlmsgerr error;

	if (nlh->nlmsg_type != NLMSG_ERROR || message > batch->messages ||
	    nlh->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(error))
		return;
	memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
	if (!error.error && message == batch->messages)
		*confirmed = true;
	if (!error.error)
		return;
	GROW(refusals->v, refusals->n, refusals->room);
	refusal = &refusals->v[refusals->n++];
	*refusal = (struct nft_refusal){ .error = netlink_errno(error.error), .message = message };
	note_details(nlh, &error, refusal);
}

static int by_message(const void *a, const void *b)
{
	const struct nft_refusal *left = a, *right = b;

	return left->message < right->message ? -1 : left->message > right->message;
}

/* All answers have arrived once the batch is sent. Returns -1 after reporting why. */
static int note_refusals(const struct nft_batch *batch, struct nft_socket *nft,
			 struct nft_refusals *refusals, bool *confirmed)
{
	for (;;) {
		struct netlink_messages messages;
		const struct nlmsghdr *nlh;
		int failure = netlink_receive(nft->netlink, &messages) ? errno : 0;

		if (failure == EAGAIN)
			break;
		/* More refusals than the socket holds: the first ones have arrived. */
		if (failure == ENOBUFS)
			continue;
		if (failure)
			return socket_failed("receive the result of the change from");
		while ((nlh = netlink_next(&messages)))
			note_refusal(batch, nlh, refusals, confirmed);
	}
	if (refusals->n)
		qsort(refusals->v, refusals->n, sizeof(*refusals->v), by_message);
	return 0;
}

/* Whether the kernel was only short of something: the first refusal names what it was. */
static bool is_passing(const struct nft_refusals *refusals)
{
	return refusals->n && backend_error_passes(refusals->v[0].error);
}

static int send_once(const struct nft_batch *batch, struct nft_socket *nft,
		     struct nft_refusals *refusals)
{
	bool confirmed = false;

	if (netlink_send(nft->netlink, batch->v, batch->n)) {
		if (errno)
			diag_error("cannot write nf_tables: %s%s; nothing was written",
				   strerror(errno),
				   errno == EPERM ? "; run as root (CAP_NET_ADMIN)" : "");
		return BACKEND_FAILED;
	}
	if (note_refusals(batch, nft, refusals, &confirmed))
		return BACKEND_FAILED;
	if (refusals->n)
		return refusals->v[0].error == ERESTART ? BACKEND_CHANGED : BACKEND_REFUSED;
	if (confirmed)
		return BACKEND_OK;
	diag_error("nf_tables did not report whether the change was made; check again");
	return BACKEND_FAILED;
}

int nft_batch_send(struct nft_batch *batch, struct nft_socket *nft, bool only_try,
		   struct nft_refusals *refusals)
{
	uint64_t patient = clock_ms() + SHORTAGE_OF_RULE_MS;
	unsigned int pause = 1;
	struct nlmsghdr *nlh;
	int status;

	/* The kernel sends nothing on success, and silence proves nothing. */
	nlh = (struct nlmsghdr *)(batch->v + batch->last);
	nlh->nlmsg_flags |= NLM_F_ACK;
	nft->seq = batch->seq + batch->messages + 1;
	if (!only_try) {
		nlh = nftnl_batch_end((char *)batch_room(batch), nft->seq);
		batch->n += MNL_ALIGN(nlh->nlmsg_len);
	}

	if (batch->n > INT32_MAX / 2) {
		diag_error("cannot write nf_tables: %zu bytes of changes are too many at once",
			   batch->n);
		return BACKEND_FAILED;
	}
	/* A batch is sent in one piece, however long it is. */
	netlink_make_room(nft->netlink, batch->n, batch->messages);
	/* Better messages from kernels that have them. */
	(void)netlink_set(nft->netlink, NETLINK_EXT_ACK, 1);
	(void)netlink_set(nft->netlink, NETLINK_CAP_ACK, 1);
	for (;;) {
		nft_refusals_clear(refusals);
		status = send_once(batch, nft, refusals);
		if (status != BACKEND_REFUSED || !is_passing(refusals) ||
		    (refusals->v[0].message && clock_ms() > patient))
			return status;
		diag_step(2, "netlink: %s; trying again", strerror(refusals->v[0].error));
		if (deadline_check())
			return BACKEND_FAILED;
		sleep_ms(pause);
		pause = pause < SHORTAGE_PAUSE_MS ? 2 * pause : SHORTAGE_PAUSE_MS;
	}
}
