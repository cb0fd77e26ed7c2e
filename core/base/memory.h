// SPDX-License-Identifier: GPL-3.0-or-later
// What the process holds of the machine's memory.
#pragma once

namespace rolora {

/// Gives memory that was freed but is still held by the allocator back to the system. Work by layers calls it after each layer:
/// the allocator keeps blocks below its threshold for mapping (it rises to 32 MiB), and the pieces that it keeps between blocks
/// of other sizes would otherwise add up to some hundred MB, different from run to run. Costs about a millisecond.
void return_free_memory();

}  // namespace rolora
