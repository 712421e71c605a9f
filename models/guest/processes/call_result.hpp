/// How a system call ended, or that it has not.
#pragma once

#include <cstdint>

#include "models/guest/kernel/wait_queue.hpp"

namespace xensim {

/// Why a system call failed (errno).
enum class CallError : std::uint8_t {
  none,
  not_permitted,   ///< EPERM
  no_entry,        ///< ENOENT
  no_process,      ///< ESRCH
  interrupted,     ///< EINTR: a signal came
  bad_descriptor,  ///< EBADF
  try_again,       ///< EAGAIN
  no_memory,       ///< ENOMEM
  exists,          ///< EEXIST
  not_directory,   ///< ENOTDIR
  is_directory,    ///< EISDIR
  invalid,         ///< EINVAL
  too_many_files,  ///< EMFILE
  file_too_big,    ///< EFBIG
  no_space,        ///< ENOSPC
  broken_pipe,     ///< EPIPE; a write also sends SIGPIPE
  bad_address,     ///< EFAULT
  // Sockets.
  not_socket,          ///< ENOTSOCK
  address_in_use,      ///< EADDRINUSE
  not_connected,       ///< ENOTCONN
  connected_already,   ///< EISCONN
  connection_reset,    ///< ECONNRESET
  connection_refused,  ///< ECONNREFUSED
  in_progress,         ///< EINPROGRESS
  not_supported,       ///< EOPNOTSUPP
  io_error,            ///< EIO
  not_empty,           ///< ENOTEMPTY
  // System V IPC.
  removed,  ///< EIDRM
  // Inside the kernel: a signal ends the sleep of a call that has done nothing yet, which is made again as if
  // for the first time, or ends as interrupted.
  restart,            ///< ERESTARTSYS: interrupted if a handler has run that does not want calls restarted
  restart_unhandled,  ///< ERESTARTNOHAND: interrupted if any handler has run
};

/// A signal, not what it waited for, ended the call.
[[nodiscard]] constexpr bool is_restart(CallError error) { return error >= CallError::restart; }

/// What a call came to. A call that sleeps has entered its process into the wait queues it waits on; it is to
/// be made again, with the same request, once something has woken the process, which a signal does, too
/// (TASK_INTERRUPTIBLE; who must not be woken by one sets GuestProcess::sleeps instead). A call that pauses
/// is made again at once, but interrupts that have come meanwhile are taken first.
struct CallResult {
  std::int64_t value = 0;
  CallError error = CallError::none;
  bool sleeps = false;
  bool pauses = false;
  Wakes wakes{};  ///< in order; also of a call that sleeps or failed

  [[nodiscard]] bool ok() const { return error == CallError::none && !goes_on(); }
  [[nodiscard]] bool goes_on() const { return sleeps || pauses; }
  [[nodiscard]] static CallResult failed(CallError error) { return {.error = error}; }
};

}  // namespace xensim
