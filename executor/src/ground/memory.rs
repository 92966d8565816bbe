//! The memory of blocks: cut from large pieces, because malloc takes as long as all the rest of a task's creation once many blocks are in
//! use, and adds a word or two to each.
//!
//! # Invariant
//!
//! - **POOL**: the `free` of a pool leads from one block to the next, in each of which stands which one follows. They lie in `pieces`, do not
//!   overlap, and are in nobody's use. `in_use` counts all others.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// Sizes are multiples of `UNIT`, and blocks of `SIZES` of them or more are left to malloc.
const UNIT: usize = size_of::<Link>();
const SIZES: usize = 64;
/// How many `u128` are cut into blocks at once, and how many such pieces are kept while no block of them is in use.
const PIECE: usize = 1024;
const KEPT: usize = 1024;

/// The blocks of one size, of this thread (POOL).
struct Pool {
    free: Link,
    in_use: usize,
    pieces: Vec<Vec<u128>>,
    kept: usize,
}

type Link = Option<NonNull<u8>>;
const EMPTY: Pool = Pool {
    free: None,
    in_use: 0,
    pieces: Vec::new(),
    kept: KEPT,
};

/// Ends the pools with the thread. A block may be in use until later, by what another variable of the thread holds.
struct End;

thread_local! {
    static POOLS: ManuallyDrop<RefCell<[Pool; SIZES]>> = const { ManuallyDrop::new(RefCell::new([EMPTY; SIZES])) };
    static END: End = const { End };
}

impl Drop for End {
    fn drop(&mut self) {
        POOLS.with(|pools| pools.borrow_mut().iter_mut().for_each(|pool| pool.keep(0)));
    }
}

/// The layout of a block of this type, and whether it is from the pool: never in a debug build, so that tools see uses of freed memory.
pub(crate) const fn layout_of<T>() -> (Layout, bool) {
    let layout = Layout::new::<(T, [Link; 0])>();
    let small = layout.size() / UNIT < SIZES && layout.align() <= align_of::<u128>();
    (layout, small && !cfg!(debug_assertions))
}

#[inline]
pub(crate) fn allocate((layout, pooled): (Layout, bool)) -> NonNull<u8> {
    if pooled {
        return POOLS.with(|pools| pools.borrow_mut()[layout.size() / UNIT].allocate(layout.size()));
    }
    // SAFETY: a block has a head, so its size is not zero.
    NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
}

/// The memory must be from `allocate`, called with the same, and not used any more.
#[inline]
pub(crate) unsafe fn free(block: NonNull<u8>, (layout, pooled): (Layout, bool)) {
    match pooled {
        // SAFETY: the caller's.
        true => POOLS.with(|pools| unsafe { pools.borrow_mut()[layout.size() / UNIT].free(block) }),
        // SAFETY: the caller's.
        false => unsafe { dealloc(block.as_ptr(), layout) },
    }
}

impl Pool {
    #[inline]
    fn allocate(&mut self, size: usize) -> NonNull<u8> {
        let Some(block) = self.free else { return self.grow(size) };
        // SAFETY: POOL: that is where the next one stands.
        self.free = unsafe { block.cast::<Link>().read() };
        self.in_use += 1;
        block
    }

    #[cold]
    fn grow(&mut self, size: usize) -> NonNull<u8> {
        let _registered = END.try_with(|_| ());
        let mut piece = Vec::with_capacity(PIECE);
        let start = NonNull::from(piece.spare_capacity_mut()).cast::<u8>();
        self.pieces.push(piece);
        self.in_use += 1;
        for at in (1..PIECE * size_of::<u128>() / size).rev() {
            self.in_use += 1;
            // SAFETY: POOL: a new block, within the piece, which stays where it is when its vector is moved.
            unsafe { self.free(start.add(at * size)) };
        }
        start
    }

    /// POOL: it must be a block of this pool that nobody uses any more.
    #[inline]
    unsafe fn free(&mut self, block: NonNull<u8>) {
        // SAFETY: the caller's; a block is at least as large as a `Link`, and so aligned.
        unsafe { block.cast::<Link>().write(self.free) };
        self.free = Some(block);
        self.in_use -= 1;
        if self.in_use == 0 {
            self.keep(self.kept);
        }
    }

    /// Keeps so many pieces from now on. None goes while a block of any of them is in use.
    fn keep(&mut self, kept: usize) {
        self.kept = kept;
        if self.in_use == 0 && self.pieces.len() > kept {
            *self = Pool { kept, ..EMPTY };
        }
    }
}
