//! The memory of blocks: cut from larger pieces, because malloc takes as long as all the rest of a task's creation once many blocks are in
//! use, and adds a word or two to each.
//!
//! # Invariants
//!
//! - **PIECE**: a piece is memory of `LAYOUT`. It begins with a [`Piece`]; behind that, from where a `u128` could be, it is cut into blocks of
//!   one size, a multiple of `UNIT`. As the size of a type is a multiple of its alignment, a block is well aligned for every type that is as
//!   large, but for those that want more than a `u128`.
//! - **FREE**: a block is in use, or free, or [`Vacant`], on the way between. The `free` of a piece leads from one of its free blocks to the
//!   next, in each of which stands which one follows. Nobody but the `Vacant` knows a block that is vacant.
//! - **USED**: a piece's `in_use` counts its blocks that are not free, and one more while a pool takes blocks from it. A piece lives until it is
//!   made [`Unused`], which is when it counts none and its pool knows it no more, and that is dropped.
//! - **OWN**: the memory of a [`Boxed`] is for a `B`, which is in it, and nobody else knows either. It is a block that was vacant, if
//!   [`Memory::IS_POOLED`], and otherwise what was a `Box`.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::{Cell, RefCell};
use std::mem::{ManuallyDrop, MaybeUninit};
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

/// A `B` and its memory: what `Box` is, but for where the memory is from.
pub(crate) struct Boxed<B>(Memory<B>);

impl<B> Boxed<B> {
    /// `content` makes it where it will be.
    #[inline(always)]
    pub(crate) fn new(content: impl FnOnce() -> B) -> Boxed<B> {
        let memory = Memory::new();
        // SAFETY: OWN: the memory is for a `B`, and nobody else's.
        unsafe { memory.0.write(content()) };
        Boxed(memory)
    }

    /// It lives until it is made a `Boxed` again.
    pub(crate) fn into_raw(self) -> NonNull<B> {
        ManuallyDrop::new(self).0.0
    }

    /// OWN: it must be from [`into_raw`](Boxed::into_raw), and nobody may know it any more.
    pub(crate) unsafe fn from_raw(content: NonNull<B>) -> Boxed<B> {
        Boxed(Memory(content))
    }

    pub(crate) fn get_mut(&mut self) -> &mut B {
        // SAFETY: OWN.
        unsafe { self.0.0.as_mut() }
    }

    /// Gives the memory back. What is in it is not dropped.
    pub(crate) fn forget(self) {
        drop(Memory(self.into_raw()));
    }
}

impl<B> Drop for Boxed<B> {
    fn drop(&mut self) {
        // SAFETY: OWN: nobody sees it after this. The memory goes even when a destructor panics.
        unsafe { self.0.0.drop_in_place() }
    }
}

/// Memory for a `B` (OWN, but for the `B`).
struct Memory<B>(NonNull<B>);

impl<B> Memory<B> {
    const UNITS: usize = size_of::<B>().div_ceil(UNIT);
    /// Never in a debug build, so that tools see uses of freed memory.
    const IS_POOLED: bool = Self::IS_SMALL && !cfg!(debug_assertions);
    const IS_SMALL: bool = matches!(Self::UNITS, 1..SIZES) && align_of::<B>() <= align_of::<u128>();

    #[inline(always)]
    fn new() -> Memory<B> {
        Memory(match Self::IS_POOLED {
            true => POOLS.with(|pools| pools.allocate(Self::UNITS)).0.cast(),
            false => NonNull::from(Box::leak(Box::<B>::new_uninit())).cast(),
        })
    }
}

impl<B> Drop for Memory<B> {
    #[inline(always)]
    fn drop(&mut self) {
        if Self::IS_POOLED {
            return POOLS.with(|pools| pools.free(Vacant(self.0.cast())));
        }
        // SAFETY: OWN: it was such a box.
        drop(unsafe { Box::<MaybeUninit<B>>::from_raw(self.0.cast().as_ptr()) });
    }
}

thread_local! {
    static POOLS: ManuallyDrop<Pools> = const { ManuallyDrop::new(Pools::new()) };
    static END: End = const { End };
}

/// Ends the pools with the thread. A block may be in use until later, by what another variable of the thread holds.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        POOLS.with(|pools| pools.0.iter().for_each(Pool::end));
    }
}

/// The beginning of a piece (PIECE).
struct Piece {
    free: Cell<Link>,
    in_use: Cell<u32>,
    /// Its index among those with free blocks, if it is there.
    place: Cell<Option<u32>>,
    /// The size of its blocks.
    units: u32,
}

/// Blocks begin behind a piece's beginning.
const BEGINNING: usize = size_of::<Piece>().next_multiple_of(align_of::<u128>());
/// Less by what malloc adds: so the next piece can begin where this one ends.
const LAYOUT: Layout = match Layout::from_size_align(PIECE - align_of::<u128>(), PIECE) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

/// A piece that lives (USED).
#[derive(Clone, Copy, PartialEq, Debug)]
struct PieceRef(NonNull<Piece>);

impl Deref for PieceRef {
    type Target = Piece;

    #[inline(always)]
    fn deref(&self) -> &Piece {
        // SAFETY: PIECE, USED.
        unsafe { self.0.as_ref() }
    }
}

impl PieceRef {
    /// A new piece, all of whose blocks are free.
    fn new(units: usize) -> PieceRef {
        // SAFETY: PIECE: its size is not zero.
        let start = NonNull::new(unsafe { alloc(LAYOUT) }).unwrap_or_else(|| handle_alloc_error(LAYOUT));
        let size = units * UNIT;
        let blocks = (LAYOUT.size() - BEGINNING) / size;
        let piece = Piece {
            free: Cell::new(None),
            in_use: Cell::new(blocks as u32),
            place: Cell::new(None),
            units: units as u32,
        };
        // SAFETY: PIECE: the memory is new, and as large and as well aligned as that.
        unsafe { start.cast().write(piece) };
        for at in (0..blocks).rev() {
            // The offset is less than what the piece is aligned to.
            Vacant(start.map_addr(|address| address | (BEGINNING + at * size))).put_back();
        }
        PieceRef(start.cast())
    }

    #[inline(always)]
    fn take(self) -> Option<Vacant> {
        let block = self.free.get()?;
        // SAFETY: FREE: that is where the next one stands.
        self.free.set(unsafe { block.cast::<Link>().read() });
        self.in_use.set(self.in_use.get() + 1);
        Some(Vacant(block))
    }
}

/// A block of a piece that lives, in nobody's use and not among the free ones (FREE, USED).
struct Vacant(NonNull<u8>);

impl Vacant {
    #[inline(always)]
    fn piece(&self) -> PieceRef {
        // PIECE: a block is not at the piece's beginning, which is not at address 0.
        let start = self.0.as_ptr().map_addr(|address| address & !(PIECE - 1));
        NonNull::new(start.cast()).map_or_else(|| unreachable!(), PieceRef)
    }

    /// Makes it one of its piece's free blocks. The piece, if the pool may see it with other eyes from now on: its first block is free again,
    /// or its last one is.
    #[inline(always)]
    fn put_back(self) -> Option<PieceRef> {
        let piece = self.piece();
        let next = piece.free.replace(Some(self.0));
        // SAFETY: FREE: nobody else knows it. PIECE: it is at least as large as a `Link`, and so aligned.
        unsafe { self.0.cast::<Link>().write(next) };
        let in_use = piece.in_use.get() - 1;
        piece.in_use.set(in_use);
        (next.is_none() || in_use == 0).then_some(piece)
    }
}

/// A piece with no block in use, which is nowhere else in its pool (USED). Its memory goes with it.
struct Unused(PieceRef);

impl Drop for Unused {
    fn drop(&mut self) {
        // SAFETY: USED: nobody knows it any more. PIECE: it was allocated so.
        unsafe { dealloc(self.0.0.as_ptr().cast(), LAYOUT) };
    }
}

/// The pools of this thread, by the size of their blocks. A block goes back to those that it is from: where there are others, in tests, they
/// have blocks of their own.
struct Pools([Pool; SIZES]);

impl Pools {
    const fn new() -> Pools {
        Pools([const { Pool::new() }; SIZES])
    }

    #[inline(always)]
    fn allocate(&self, units: usize) -> Vacant {
        self.0[units].allocate(units)
    }

    #[inline(always)]
    fn free(&self, block: Vacant) {
        if let Some(piece) = block.put_back() {
            self.look_at(piece);
        }
    }

    /// The first of a piece's blocks is free, or the last one is.
    #[cold]
    fn look_at(&self, piece: PieceRef) {
        let pool = &self.0[piece.units as usize];
        if pool.current.get() == Some(piece) {
            if piece.in_use.get() > 0 {
                return;
            }
            // After the end of the thread.
            pool.current.set(None);
        }
        pool.others.borrow_mut().sort_in(piece);
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
    all_free: Vec<Unused>,
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

    #[inline(always)]
    fn allocate(&self, units: usize) -> Vacant {
        let block = self.current.get().and_then(PieceRef::take);
        block.unwrap_or_else(|| self.allocate_from_another(units))
    }

    #[cold]
    fn allocate_from_another(&self, units: usize) -> Vacant {
        // The end of the thread is noticed from now on; after it, it cannot be any more.
        let _registered = END.try_with(|_| ());
        self.let_go();
        let others = &mut *self.others.borrow_mut();
        let piece = others.next().unwrap_or_else(|| PieceRef::new(units));
        piece.in_use.set(piece.in_use.get() + self.hold.get());
        self.current.set(Some(piece));
        piece.take().unwrap_or_else(|| unreachable!("a piece without a free block"))
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
        others.all_free = Vec::new();
        others.give_back_if_unused();
    }
}

impl Others {
    /// A piece with a free block, which from now on is not among these. Those with none in use come last, because they can be given back.
    fn next(&mut self) -> Option<PieceRef> {
        let piece = self
            .partly_free
            .pop()
            .or_else(|| self.all_free.pop().map(|unused| ManuallyDrop::new(unused).0))?;
        piece.place.set(None);
        Some(piece)
    }

    /// Puts a piece where it belongs by now.
    fn sort_in(&mut self, piece: PieceRef) {
        if piece.in_use.get() == 0 {
            self.take_out(piece);
            let unused = Unused(piece);
            if self.all_free.len() < self.kept {
                self.all_free.push(unused);
            } else {
                drop(unused);
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

    use super::{KEPT, PIECE, Pool, Pools, UNIT, Vacant};

    const UNITS: usize = 18;

    /// Pools, and those of their blocks that are in use. Each is filled with its number.
    struct Used {
        pools: Pools,
        /// The size of the next one.
        units: usize,
        blocks: Vec<(Vacant, u8)>,
    }

    impl Used {
        fn new(units: usize) -> Used {
            Used {
                pools: Pools::new(),
                units,
                blocks: Vec::new(),
            }
        }

        fn allocate(&mut self) {
            let block = self.pools.allocate(self.units);
            assert_eq!(block.piece().units as usize, self.units);
            let fill = self.blocks.len() as u8;
            // SAFETY: a block is so large, and this one is nobody else's.
            unsafe { block.0.write_bytes(fill, self.units * UNIT) };
            self.blocks.push((block, fill));
        }

        fn free(&mut self, at: usize) {
            let (block, fill) = self.blocks.swap_remove(at);
            let size = block.piece().units as usize * UNIT;
            // SAFETY: as above, and it was filled.
            let content = unsafe { std::slice::from_raw_parts(block.0.as_ptr(), size) };
            assert!(content.iter().all(|&byte| byte == fill), "somebody else has written to it");
            self.pools.free(block);
        }

        /// How many pieces there are.
        fn pieces(&self) -> usize {
            let mut pieces: HashSet<_> = self.blocks.iter().map(|(block, _)| block.piece().0).collect();
            for pool in &self.pools.0 {
                let others = pool.others.borrow();
                pieces.extend(others.partly_free.iter().map(|piece| piece.0));
                pieces.extend(others.all_free.iter().map(|piece| piece.0.0));
                pieces.extend(pool.current.get().map(|piece| piece.0));
            }
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
            self.pools.0.iter().for_each(Pool::end);
            self.allocate();
            while !self.blocks.is_empty() {
                self.free(0);
            }
            assert_eq!(self.pieces(), 0);
            for pool in &self.pools.0 {
                let others = pool.others.borrow();
                assert_eq!((others.partly_free.capacity(), others.all_free.capacity()), (0, 0));
            }
        }
    }

    const MANY: usize = 100_000;

    #[test]
    fn one_block_that_stays_keeps_one_piece() {
        for stays in [0, MANY / 2, MANY - 1] {
            let mut used = Used::new(UNITS);
            (0..MANY).for_each(|_| used.allocate());
            assert!(used.pieces() > MANY * UNITS * UNIT / PIECE, "{} pieces", used.pieces());
            let kept = used.blocks.swap_remove(stays);
            while !used.blocks.is_empty() {
                used.free(0);
            }
            used.blocks.push(kept);
            // Those that are kept for the next burst, its own, and the one from which blocks are taken.
            assert!(used.pieces() <= KEPT + 2, "{} pieces", used.pieces());
        }
    }

    #[test]
    fn what_is_free_is_used_before_a_new_piece_is_made() {
        let mut used = Used::new(UNITS);
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
        let mut used = Used::new(UNITS);
        (0..MANY).for_each(|_| {
            used.allocate();
            used.free(0);
        });
        assert_eq!(used.pieces(), 1);
    }

    #[test]
    fn blocks_are_nobody_elses() {
        for sizes in [&[1][..], &[2], &[11], &[63], &[1, 2, 11, 63]] {
            let mut used = Used::new(sizes[0]);
            let mut number = 1_u64;
            for step in 0..60_000 {
                number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let chance = (number >> 33) as usize;
                // It grows for a while, then shrinks.
                if chance % 4 < if step < 40_000 { 3 } else { 1 } {
                    used.units = sizes[chance / 4 % sizes.len()];
                    used.allocate();
                } else if !used.blocks.is_empty() {
                    used.free(chance / 4 % used.blocks.len());
                }
            }
        }
    }
}
