//! The memory of blocks: cut from larger pieces, because malloc takes as long as all the rest of a task's creation once many blocks are in
//! use, and adds a word or two to each.
//!
//! # Invariant
//!
//! - **POOL**: a piece begins at a multiple of `PIECE` with a [`Piece`]; behind that it is cut into blocks of one size. The `free` of a piece
//!   leads from one of its blocks to the next, in each of which stands which one follows: these are in nobody's use. `in_use` counts all
//!   others, and one more while the pool holds the piece to take blocks from it. A piece lives until it counts none and its pool gives it back, which
//!   then knows it no more.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

/// Sizes are multiples of `UNIT`, and blocks of `SIZES` of them or more are left to malloc.
const UNIT: usize = size_of::<Link>();
const SIZES: usize = 64;
/// A piece, with what malloc adds to it, is so large.
const PIECE: usize = 1 << 14;
/// How many pieces with no block in use are kept, of each size of block.
const KEPT: usize = 256;

type Link = Option<NonNull<u8>>;

/// The layout of a block of this type, and whether it is from a pool: never in a debug build, so that tools see uses of freed memory.
pub(crate) const fn layout_of<T>() -> (Layout, bool) {
    let layout = Layout::new::<(T, [Link; 0])>();
    let small = layout.size() / UNIT < SIZES && layout.align() <= align_of::<u128>();
    (layout, small && !cfg!(debug_assertions))
}

#[inline]
pub(crate) fn allocate((layout, pooled): (Layout, bool)) -> NonNull<u8> {
    if pooled {
        return POOLS.with(|pools| pools[layout.size() / UNIT].allocate(layout.size()));
    }
    // SAFETY: a block has a head, so its size is not zero.
    NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
}

/// The memory must be from `allocate`, called with the same, and not used any more.
#[inline]
pub(crate) unsafe fn free(block: NonNull<u8>, (layout, pooled): (Layout, bool)) {
    if pooled {
        // SAFETY: the caller's.
        return POOLS.with(|pools| unsafe { pools[layout.size() / UNIT].free(block) });
    }
    // SAFETY: the caller's.
    unsafe { dealloc(block.as_ptr(), layout) }
}

thread_local! {
    static POOLS: ManuallyDrop<[Pool; SIZES]> = const { ManuallyDrop::new([const { Pool::new() }; SIZES]) };
    static END: End = const { End };
}

/// Ends the pools with the thread. A block may be in use until later, by what another variable of the thread holds.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        POOLS.with(|pools| pools.iter().for_each(Pool::end));
    }
}

/// The beginning of a piece (POOL).
struct Piece {
    free: Cell<Link>,
    in_use: Cell<u32>,
    /// Its index among those with free blocks, if it is there.
    place: Cell<Option<u32>>,
}

/// Blocks begin behind a piece's beginning, and are as well aligned as what malloc gives.
const BEGINNING: usize = size_of::<Piece>().next_multiple_of(align_of::<u128>());
/// Less by what malloc adds: so the next piece can begin where this one ends.
const LAYOUT: Layout = match Layout::from_size_align(PIECE - align_of::<u128>(), PIECE) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

/// A piece that lives (POOL).
#[derive(Clone, Copy, PartialEq, Debug)]
struct PieceRef(NonNull<Piece>);

impl Deref for PieceRef {
    type Target = Piece;

    #[inline(always)]
    fn deref(&self) -> &Piece {
        // SAFETY: POOL.
        unsafe { self.0.as_ref() }
    }
}

impl PieceRef {
    /// A new piece, all of whose blocks are free.
    fn new(size: usize) -> PieceRef {
        // SAFETY: its size is not zero.
        let start = NonNull::new(unsafe { alloc(LAYOUT) }).unwrap_or_else(|| handle_alloc_error(LAYOUT));
        let blocks = (LAYOUT.size() - BEGINNING) / size;
        let piece = Piece {
            free: Cell::new(None),
            in_use: Cell::new(blocks as u32),
            place: Cell::new(None),
        };
        // SAFETY: the memory is new, and as large as that.
        unsafe { start.cast().write(piece) };
        let piece = PieceRef(start.cast());
        for at in (0..blocks).rev() {
            // SAFETY: POOL: a new block, within the piece.
            unsafe { piece.put(start.add(BEGINNING + at * size)) };
        }
        piece
    }

    /// The piece of this block.
    #[inline(always)]
    fn of(block: NonNull<u8>) -> PieceRef {
        // POOL: a block is not at the piece's beginning, which is not at address 0.
        let start = block.as_ptr().map_addr(|address| address & !(PIECE - 1));
        NonNull::new(start.cast()).map_or_else(|| unreachable!(), PieceRef)
    }

    #[inline(always)]
    fn take(self) -> Link {
        let block = self.free.get()?;
        // SAFETY: POOL: that is where the next one stands.
        self.free.set(unsafe { block.cast::<Link>().read() });
        self.in_use.set(self.in_use.get() + 1);
        Some(block)
    }

    /// POOL: it must be a block of this piece that nobody uses any more. Whether the pool may see the piece with other eyes from now on: its
    /// first block is free again, or its last one is.
    #[inline(always)]
    unsafe fn put(self, block: NonNull<u8>) -> bool {
        let next = self.free.replace(Some(block));
        // SAFETY: the caller's; a block is at least as large as a `Link`, and so aligned.
        unsafe { block.cast::<Link>().write(next) };
        let in_use = self.in_use.get() - 1;
        self.in_use.set(in_use);
        next.is_none() || in_use == 0
    }

    /// POOL: none of its blocks is in use, and its pool knows it no more.
    unsafe fn give_back(self) {
        // SAFETY: the caller's; it was allocated so.
        unsafe { dealloc(self.0.as_ptr().cast(), LAYOUT) };
    }
}

/// The blocks of one size, of this thread.
struct Pool {
    /// The piece from which blocks are taken.
    current: Cell<Option<PieceRef>>,
    /// What the pool adds to the count of that piece, so that it is not given back in between: 1 until the end of the thread.
    hold: Cell<u32>,
    others: RefCell<Others>,
}

/// Of the other pieces, those that have free blocks. Those that have none are found again by their blocks.
struct Others {
    partly_free: Vec<PieceRef>,
    all_free: Vec<PieceRef>,
    kept: usize,
}

impl Pool {
    const fn new() -> Pool {
        Pool {
            current: Cell::new(None),
            hold: Cell::new(1),
            others: RefCell::new(Others {
                partly_free: Vec::new(),
                all_free: Vec::new(),
                kept: KEPT,
            }),
        }
    }

    #[inline]
    fn allocate(&self, size: usize) -> NonNull<u8> {
        let block = self.current.get().and_then(PieceRef::take);
        block.unwrap_or_else(|| self.allocate_from_another(size))
    }

    #[cold]
    fn allocate_from_another(&self, size: usize) -> NonNull<u8> {
        // The end of the thread is noticed from now on; after it, it cannot be any more.
        let _registered = END.try_with(|_| ());
        self.let_go();
        let others = &mut *self.others.borrow_mut();
        let piece = others.next().unwrap_or_else(|| PieceRef::new(size));
        piece.in_use.set(piece.in_use.get() + self.hold.get());
        self.current.set(Some(piece));
        piece.take().unwrap_or_else(|| unreachable!("a piece without a free block"))
    }

    /// POOL: it must be a block of this pool that nobody uses any more.
    #[inline]
    unsafe fn free(&self, block: NonNull<u8>) {
        let piece = PieceRef::of(block);
        // SAFETY: the caller's.
        if unsafe { piece.put(block) } {
            self.look_at(piece);
        }
    }

    /// The first of a piece's blocks is free, or the last one is.
    #[cold]
    fn look_at(&self, piece: PieceRef) {
        if self.current.get() == Some(piece) {
            if piece.in_use.get() > 0 {
                return;
            }
            // After the end of the thread.
            self.current.set(None);
        }
        self.others.borrow_mut().sort_in(piece);
    }

    /// Takes blocks from no piece.
    fn let_go(&self) {
        if let Some(piece) = self.current.take() {
            piece.in_use.set(piece.in_use.get() - self.hold.get());
            self.others.borrow_mut().sort_in(piece);
        }
    }

    /// Keeps no piece from now on but those with blocks in use, and nothing of its own when there is none.
    fn end(&self) {
        self.others.borrow_mut().kept = 0;
        self.let_go();
        self.hold.set(0);
        let others = &mut *self.others.borrow_mut();
        for piece in std::mem::take(&mut others.all_free) {
            // SAFETY: POOL: it was among those with no block in use, and now is not.
            unsafe { piece.give_back() };
        }
        others.give_back_if_unused();
    }
}

impl Others {
    /// A piece with a free block, which from now on is not among these. Those with none in use come last, because they can be given back.
    fn next(&mut self) -> Option<PieceRef> {
        let piece = self.partly_free.pop().or_else(|| self.all_free.pop())?;
        piece.place.set(None);
        Some(piece)
    }

    /// Puts a piece where it belongs by now.
    fn sort_in(&mut self, piece: PieceRef) {
        if piece.in_use.get() == 0 {
            self.take_out(piece);
            if self.all_free.len() < self.kept {
                self.all_free.push(piece);
            } else {
                // SAFETY: POOL: no block of it is in use, and it is neither the current one nor any of these.
                unsafe { piece.give_back() };
                self.give_back_if_unused();
            }
        } else if piece.free.get().is_some() && piece.place.get().is_none() {
            piece.place.set(Some(self.partly_free.len() as u32));
            self.partly_free.push(piece);
        }
    }

    /// After the end of the thread nobody else gives the list's own memory back.
    fn give_back_if_unused(&mut self) {
        if self.kept == 0 && self.partly_free.is_empty() {
            self.partly_free = Vec::new();
        }
    }

    /// Takes a piece from those that are partly free, if it is there.
    fn take_out(&mut self, piece: PieceRef) {
        if let Some(place) = piece.place.take() {
            self.partly_free.swap_remove(place as usize);
            if let Some(moved) = self.partly_free.get(place as usize) {
                moved.place.set(Some(place));
            }
        }
    }
}

/// Pools of their own: blocks that do not overlap, and pieces that are given back.
#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::ptr::NonNull;

    use super::{KEPT, PIECE, PieceRef, Pool, UNIT};

    const SIZE: usize = 18 * UNIT;

    /// A pool, and those of its blocks that are in use. Each is filled with its number.
    struct Used {
        pool: Pool,
        size: usize,
        blocks: Vec<(NonNull<u8>, u8)>,
    }

    impl Used {
        fn new(size: usize) -> Used {
            Used {
                pool: Pool::new(),
                size,
                blocks: Vec::new(),
            }
        }

        fn allocate(&mut self) {
            let block = self.pool.allocate(self.size);
            let fill = self.blocks.len() as u8;
            // SAFETY: a block is so large, and this one is nobody else's.
            unsafe { block.write_bytes(fill, self.size) };
            self.blocks.push((block, fill));
        }

        fn free(&mut self, at: usize) {
            let (block, fill) = self.blocks.swap_remove(at);
            // SAFETY: as above; it is not used any more.
            unsafe {
                let content = std::slice::from_raw_parts(block.as_ptr(), self.size);
                assert!(content.iter().all(|&byte| byte == fill), "somebody else has written to it");
                self.pool.free(block);
            }
        }

        /// How many pieces there are.
        fn pieces(&self) -> usize {
            let others = self.pool.others.borrow();
            let mut pieces: HashSet<_> = self.blocks.iter().map(|(block, _)| PieceRef::of(*block).0).collect();
            pieces.extend(others.partly_free.iter().chain(&others.all_free).map(|piece| piece.0));
            pieces.extend(self.pool.current.get().map(|piece| piece.0));
            pieces.len()
        }
    }

    impl Drop for Used {
        fn drop(&mut self) {
            // As at the end of a thread, when the last blocks are freed after it.
            let half = self.blocks.len() / 2;
            while self.blocks.len() > half {
                self.free(self.blocks.len() - 1);
            }
            self.pool.end();
            self.allocate();
            while !self.blocks.is_empty() {
                self.free(0);
            }
            assert_eq!(self.pieces(), 0);
            let others = self.pool.others.borrow();
            assert_eq!((others.partly_free.capacity(), others.all_free.capacity()), (0, 0));
        }
    }

    const MANY: usize = 100_000;

    #[test]
    fn one_block_that_stays_keeps_one_piece() {
        for stays in [0, MANY / 2, MANY - 1] {
            let mut used = Used::new(SIZE);
            (0..MANY).for_each(|_| used.allocate());
            assert!(used.pieces() > MANY * SIZE / PIECE, "{} pieces", used.pieces());
            let (kept, freed): (Vec<_>, Vec<_>) = used.blocks.iter().partition(|block| **block == used.blocks[stays]);
            used.blocks = freed;
            while !used.blocks.is_empty() {
                used.free(0);
            }
            used.blocks = kept;
            // Those that are kept for the next burst, its own, and the one from which blocks are taken.
            assert!(used.pieces() <= KEPT + 2, "{} pieces", used.pieces());
        }
    }

    #[test]
    fn what_is_free_is_used_before_a_new_piece_is_made() {
        let mut used = Used::new(SIZE);
        (0..MANY).for_each(|_| used.allocate());
        let pieces = used.pieces();
        for step in 2..5 {
            let spread = (0..MANY).rev().step_by(step);
            spread.clone().for_each(|at| used.free(at));
            spread.for_each(|_| used.allocate());
            assert!(used.pieces() <= pieces, "{} pieces", used.pieces());
        }
    }

    #[test]
    fn one_block_again_and_again_is_cut_from_one_piece() {
        let mut used = Used::new(SIZE);
        (0..MANY).for_each(|_| {
            used.allocate();
            used.free(0);
        });
        assert_eq!(used.pieces(), 1);
    }

    #[test]
    fn blocks_are_nobody_elses() {
        for size in [UNIT, 2 * UNIT, 11 * UNIT, 63 * UNIT] {
            let mut used = Used::new(size);
            let mut number = 1_u64;
            for step in 0..60_000 {
                number = number
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let chance = (number >> 33) as usize;
                // It grows for a while, then shrinks.
                if chance % 4 < if step < 40_000 { 3 } else { 1 } {
                    used.allocate();
                } else if !used.blocks.is_empty() {
                    used.free(chance / 4 % used.blocks.len());
                }
            }
        }
    }
}
