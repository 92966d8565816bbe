//! The table of operations on sockets, streams and servers.

use super::arguments::Arguments;
use super::parse::ParseError;
use super::{DescriptorOp, Direction, ServerOp, ServerWaitOp, SocketWaitOp, StreamOp, StreamWaitOp};

pub(super) fn descriptor(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<DescriptorOp>, ParseError> {
    let have = arguments.resources();
    let direction = match arguments.op_name() {
        "add_reader" | "rm_reader" => Direction::Read,
        _ => Direction::Write,
    };
    Ok(Some(match arguments.op_name() {
        "add_reader" | "add_writer" => DescriptorOp::Watch {
            direction,
            end: arguments.end()?,
            times: arguments.optional_count()?,
            acts: arguments.acts()?,
        },
        "rm_reader" | "rm_writer" => DescriptorOp::Unwatch {
            direction,
            end: arguments.end()?,
        },
        "send" => DescriptorOp::Send {
            end: arguments.end()?,
            data: arguments.data()?,
        },
        "recv" => DescriptorOp::Receive {
            end: arguments.end()?,
            size: arguments.count()?,
        },
        "shut" => DescriptorOp::Shut {
            end: arguments.end()?,
            how: arguments.shutdown()?,
        },
        "sk_close" => DescriptorOp::Close(arguments.end()?),
        "sk_lclose" => DescriptorOp::CloseListener(arguments.index(have.listeners, "listeners")?),
        _ => return Ok(None),
    }))
}

pub(super) fn socket_wait(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<SocketWaitOp>, ParseError> {
    let have = arguments.resources();
    Ok(Some(match arguments.op_name() {
        "sock_recv" => SocketWaitOp::Receive {
            end: arguments.end()?,
            size: arguments.count()?,
        },
        "sock_recv_into" => SocketWaitOp::ReceiveInto {
            end: arguments.end()?,
            size: arguments.count()?,
        },
        "sock_recv_n" => SocketWaitOp::ReceiveAll {
            end: arguments.end()?,
            size: arguments.count()?,
        },
        "sock_sendall" => SocketWaitOp::SendAll {
            end: arguments.end()?,
            data: arguments.data()?,
        },
        "sock_accept" => SocketWaitOp::Accept {
            listener: arguments.index(have.listeners, "listeners")?,
            slot: arguments.index(have.socks, "socks")?,
        },
        "sock_connect" => SocketWaitOp::Connect {
            slot: arguments.index(have.socks, "socks")?,
            to: arguments.destination()?,
        },
        _ => return Ok(None),
    }))
}

pub(super) fn stream(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<StreamOp>, ParseError> {
    let have = arguments.resources();
    Ok(Some(match arguments.op_name() {
        "st_share" => StreamOp::Share(arguments.index(have.streams, "streams")?),
        "rd_new" => StreamOp::ReaderNew {
            slot: arguments.index(have.streams, "streams")?,
            limit: arguments.limit()?,
        },
        "rd_feed" => StreamOp::Feed {
            stream: arguments.stream()?,
            data: arguments.data()?,
        },
        "rd_eof" => StreamOp::FeedEof(arguments.stream()?),
        "rd_set_exc" => StreamOp::SetError {
            stream: arguments.stream()?,
            error: arguments.integer()?,
        },
        "rd_exc" => StreamOp::Error(arguments.stream()?),
        "rd_at_eof" => StreamOp::AtEof(arguments.stream()?),
        "wr_write" => StreamOp::Write {
            stream: arguments.stream()?,
            data: arguments.data()?,
        },
        "wr_lines" => StreamOp::WriteLines {
            stream: arguments.stream()?,
            lines: arguments.lines()?,
        },
        "wr_eof" => StreamOp::WriteEof(arguments.stream()?),
        "wr_can_eof" => StreamOp::CanWriteEof(arguments.stream()?),
        "wr_closing" => StreamOp::IsClosing(arguments.stream()?),
        "wr_size" => StreamOp::BufferSize(arguments.stream()?),
        "wr_limits" => StreamOp::SetLimits {
            stream: arguments.stream()?,
            high: arguments.optional_integer()?,
            low: arguments.optional_integer()?,
        },
        "wr_close" => StreamOp::Close(arguments.stream()?),
        "wr_abort" => StreamOp::Abort(arguments.stream()?),
        _ => return Ok(None),
    }))
}

pub(super) fn stream_wait(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<StreamWaitOp>, ParseError> {
    let have = arguments.resources();
    Ok(Some(match arguments.op_name() {
        "st_open" => StreamWaitOp::Open {
            slot: arguments.index(have.streams, "streams")?,
            end: arguments.end()?,
            limit: arguments.limit()?,
        },
        "st_unix" => StreamWaitOp::OpenUnix {
            slot: arguments.index(have.streams, "streams")?,
            to: arguments.destination()?,
            limit: arguments.limit()?,
        },
        "rd_read" => StreamWaitOp::Read {
            stream: arguments.stream()?,
            size: arguments.integer()?,
        },
        "rd_line" => StreamWaitOp::ReadLine(arguments.stream()?),
        "rd_exactly" => StreamWaitOp::ReadExactly {
            stream: arguments.stream()?,
            size: arguments.integer()?,
        },
        "rd_until" => StreamWaitOp::ReadUntil {
            stream: arguments.stream()?,
            separators: arguments.separators()?,
        },
        "rd_iter" => StreamWaitOp::ReadLines {
            stream: arguments.stream()?,
            at_most: arguments.integer()?,
        },
        "wr_drain" => StreamWaitOp::Drain(arguments.stream()?),
        "wr_wait_closed" => StreamWaitOp::WaitClosed(arguments.stream()?),
        _ => return Ok(None),
    }))
}

pub(super) fn server(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<ServerOp>, ParseError> {
    let have = arguments.resources();
    Ok(Some(match arguments.op_name() {
        "srv_close" => ServerOp::Close(arguments.index(have.servers, "servers")?),
        "srv_close_clients" => ServerOp::CloseClients(arguments.index(have.servers, "servers")?),
        "srv_abort_clients" => ServerOp::AbortClients(arguments.index(have.servers, "servers")?),
        "srv_serving" => ServerOp::IsServing(arguments.index(have.servers, "servers")?),
        _ => return Ok(None),
    }))
}

pub(super) fn server_wait(arguments: &mut Arguments<'_, '_, '_>) -> Result<Option<ServerWaitOp>, ParseError> {
    let have = arguments.resources();
    Ok(Some(match arguments.op_name() {
        "srv_start" => ServerWaitOp::Start {
            slot: arguments.index(have.servers, "servers")?,
            handler: arguments.coroutine()?,
            limit: arguments.limit()?,
        },
        "srv_wait_closed" => ServerWaitOp::WaitClosed(arguments.index(have.servers, "servers")?),
        "srv_forever" => ServerWaitOp::ServeForever(arguments.index(have.servers, "servers")?),
        _ => return Ok(None),
    }))
}
