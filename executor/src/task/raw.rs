//! The one allocation, and nearly all the unsafe code of kolo.
//!
//! A promise is a block of memory: a *head* (state, callbacks; for a task also its bookkeeping), then a *slot*, where the outcome will be.
//! A task is a promise whose slot holds a coroutine until then, in the same place; the head says which of them is there. Blocks are counted
//! by a plain integer, because none is shared between threads, and referred to by thin pointers: what depends on the slot's type goes
//! through the table of functions that the head points to.
//!
//! ```text
//!   Ref ──► ┌──────────────┐ ◄── TypedRef<T>: knows that the outcome is a Result<T>
//!           │ Head         │ ◄── TaskRef (task/mod.rs): knows that the head is a TaskHead
//!           │   vtable ────┼──► the functions of Block<H, F, T>
//!           │   content    │     what is in the slot
//!           ├──────────────┤
//!           │ slot         │     a coroutine F, then its outcome, a Result<T>
//!           └──────────────┘
//! ```
//!
//! # Invariants
//!
//! - **COUNT**: a block lives as long as `refs > 0`; every `Ref` stands for one of the count. All are on one thread (`Ref` is `!Send`).
//! - **TYPE**: a block's vtable is the [`Block::TABLE`] of the very `H`, `F` and `T` that it was allocated with. `H` begins with a `Head`
//!   (`repr(C)`), and so does the block.
//! - **VALUE**: a `TypedRef<T>` points to a block of that very `T`: it is invariant in `T`.
//! - **SLOT**: `content` says what is in the slot. Only this file changes it. While it is `Polled` or `Dropping`, user code runs on what is
//!   there, and nobody else touches the slot; outcomes are cloned and shown only outside of it.
//! - **PIN**: a coroutine is never moved: it is polled and dropped in place.
//! - **POOL**, **CURRENT**: see `memory::Pool` and `Current`.

use std::any::TypeId;
use std::cell::{Cell, UnsafeCell};
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, offset_of};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use crate::error::{Error, Result};
use crate::on_drop::OnDrop;
use crate::promise::{Content, Head, Kind, State};
use crate::task::TaskHead;

/// What stands at the beginning of a block.
///
/// # Safety
/// The type is `repr(C)` and its first field is a [`Head`], or it is `Head` itself. Each has a `KIND` of its own.
pub(crate) unsafe trait Heading: 'static {
    const KIND: Kind;
}

// SAFETY: it is `Head` itself.
unsafe impl Heading for Head {
    const KIND: Kind = Kind::Promise;
}
// SAFETY: `repr(C)`, and the first field is the `Head`.
unsafe impl Heading for TaskHead {
    const KIND: Kind = Kind::Task;
}
// SAFETY: `repr(C)`, and the first field is the `Head`.
unsafe impl Heading for crate::gather::GatherHead {
    const KIND: Kind = Kind::Gather;
}

#[repr(C)]
union Slot<F, T> {
    coroutine: ManuallyDrop<F>,
    outcome: ManuallyDrop<Result<T>>,
    nothing: (),
}

#[repr(C)]
struct Block<H, F, T> {
    head: H,
    slot: UnsafeCell<Slot<F, T>>,
}

/// What can be done with a block whose types are forgotten. Each function requires a live block of the types of its [`Block::TABLE`] (COUNT,
/// TYPE), and is given what has to be in the slot (SLOT).
pub(crate) struct VTable {
    poll: unsafe fn(NonNull<Head>, &mut Context<'_>) -> Poll<State>,
    clear: unsafe fn(NonNull<Head>, Content),
    error: unsafe fn(NonNull<Head>) -> Option<Error>,
    put_error: unsafe fn(NonNull<Head>, Error),
    free: unsafe fn(NonNull<Head>),
    slot: usize,
    kind: Kind,
    value: fn() -> TypeId,
}

impl<H: Heading, F: Future<Output = Result<T>> + 'static, T: 'static> Block<H, F, T> {
    const TABLE: &'static VTable = &VTable {
        poll: Self::poll,
        clear: Self::clear,
        error: Self::error,
        put_error: Self::put_error,
        free: Self::free,
        slot: offset_of!(Self, slot),
        kind: H::KIND,
        value: TypeId::of::<T>,
    };

    unsafe fn slot<'a>(block: NonNull<Head>) -> &'a mut Slot<F, T> {
        // SAFETY: the caller's. SLOT: the reference is the only one while it is in use.
        unsafe { &mut *block.cast::<Self>().as_ref().slot.get() }
    }

    unsafe fn poll(block: NonNull<Head>, context: &mut Context<'_>) -> Poll<State> {
        // SAFETY: the caller's. PIN.
        let outcome = std::task::ready!(unsafe { Pin::new_unchecked(&mut *Self::slot(block).coroutine) }.poll(context));
        let state = State::of(&outcome);
        // SAFETY: COUNT.
        let content = unsafe { &block.as_ref().content };
        content.set(Content::Dropping);
        // Even when the coroutine's destructor panics.
        let mut outcome = Some(outcome);
        let _settled = OnDrop(|| {
            if let Some(outcome) = outcome.take() {
                // SAFETY: the caller's. SLOT: what was there is gone.
                unsafe { Self::slot(block) }.outcome = ManuallyDrop::new(outcome);
                content.set(Content::Outcome);
            }
        });
        // SAFETY: the caller's. Nobody uses the coroutine after this.
        unsafe { Self::clear(block, Content::Coroutine) };
        Poll::Ready(state)
    }

    unsafe fn clear(block: NonNull<Head>, content: Content) {
        // SAFETY: the caller's. PIN: a coroutine is dropped in place.
        unsafe {
            match content {
                Content::Coroutine => ManuallyDrop::drop(&mut Self::slot(block).coroutine),
                Content::Outcome => ManuallyDrop::drop(&mut Self::slot(block).outcome),
                Content::Nothing | Content::Polled | Content::Dropping => {}
            }
        }
    }

    unsafe fn error(block: NonNull<Head>) -> Option<Error> {
        // SAFETY: the caller's. Cloning an error runs no user code.
        unsafe { &*Self::slot(block).outcome }.as_ref().err().cloned()
    }

    unsafe fn put_error(block: NonNull<Head>, error: Error) {
        // SAFETY: the caller's.
        unsafe { Self::slot(block) }.outcome = ManuallyDrop::new(Err(error));
    }

    unsafe fn free(block: NonNull<Head>) {
        // SAFETY: TYPE: it was allocated so. COUNT: nobody refers to it any more, even when a destructor panics.
        let _memory = OnDrop(|| unsafe { memory::free(block.cast(), const { memory::layout_of::<Self>() }) });
        // SAFETY: TYPE. COUNT.
        let _head = OnDrop(|| unsafe { block.cast::<H>().drop_in_place() });
        // SAFETY: the caller's. SLOT: that is what is there.
        unsafe { Self::clear(block, block.as_ref().content.get()) }
    }
}

/// The memory of blocks: cut from large pieces, because malloc takes as long as all the rest of a task's creation once many are in flight,
/// and adds a word or two to each block.
mod memory {
    use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
    use std::cell::RefCell;

    use super::{ManuallyDrop, NonNull};

    /// Sizes are multiples of `UNIT`, and blocks of `SIZES` of them or more are left to malloc.
    const UNIT: usize = size_of::<Link>();
    const SIZES: usize = 64;
    /// How many `u128` are cut into blocks at once, and how many such pieces are kept while no block of them is in use.
    const PIECE: usize = 1024;
    const KEPT: usize = 1024;

    /// The blocks of one size, of this thread. Invariant **POOL**: `free` leads from one block to the next, in each of which stands which one
    /// follows. They lie in `pieces`, do not overlap, and are in nobody's use. `in_use` counts all others.
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
    pub(super) const fn layout_of<T>() -> (Layout, bool) {
        let layout = Layout::new::<(T, [Link; 0])>();
        let small = layout.size() / UNIT < SIZES && layout.align() <= align_of::<u128>();
        (layout, small && !cfg!(debug_assertions))
    }

    #[inline]
    pub(super) fn allocate((layout, pooled): (Layout, bool)) -> NonNull<u8> {
        if pooled {
            return POOLS.with(|pools| pools.borrow_mut()[layout.size() / UNIT].allocate(layout.size()));
        }
        // SAFETY: a block has a head, so its size is not zero.
        NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
    }

    /// The memory must be from `allocate`, called with the same, and not used any more.
    #[inline]
    pub(super) unsafe fn free(block: NonNull<u8>, (layout, pooled): (Layout, bool)) {
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
}

/// A counted reference to a block.
pub(crate) struct Ref(NonNull<Head>, PhantomData<*const ()>);

/// A new block, and so many references to it.
#[inline(always)]
fn allocate<H: Heading, F: Future<Output = Result<T>> + 'static, T: 'static, const REFS: usize>(
    head: impl FnOnce(Head) -> H,
    slot: Slot<F, T>,
    content: Content,
) -> [Ref; REFS] {
    let block = memory::allocate(const { memory::layout_of::<Block<H, F, T>>() }).cast();
    let head = head(Head::new(Block::<H, F, T>::TABLE, REFS as u32, content));
    let slot = slot.into();
    // SAFETY: the memory is new and of this layout. TYPE and COUNT hold from here on.
    unsafe { block.write(Block { head, slot }) };
    [(); REFS].map(|()| Ref(block.cast(), PhantomData))
}

/// A new promise. Its `F` is never there.
pub(crate) fn allocate_promise<H: Heading, T: 'static>(head: impl FnOnce(Head) -> H) -> TypedRef<T> {
    let slot = Slot { nothing: () };
    let [block] = allocate::<H, std::future::Pending<Result<T>>, T, 1>(head, slot, Content::Nothing);
    TypedRef(block, PhantomData)
}

/// A new task: a reference for its handle, for the table of tasks, and for the ready queue.
#[inline(always)]
pub(crate) fn allocate_task<F: Future<Output = Result<T>> + 'static, T: 'static>(
    head: impl FnOnce(Head) -> TaskHead,
    coroutine: F,
) -> (TypedRef<T>, [TaskRef; 2]) {
    let coroutine = ManuallyDrop::new(coroutine);
    let [handle, kept, queued] = allocate(head, Slot { coroutine }, Content::Coroutine);
    (TypedRef(handle, PhantomData), [TaskRef(kept), TaskRef(queued)])
}

impl Ref {
    pub(crate) fn head(&self) -> &Head {
        // SAFETY: COUNT.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn heading<H: Heading>(&self) -> Option<&H> {
        // SAFETY: TYPE: the head is an `H`, whose kind is its own. COUNT.
        (self.head().vtable.kind == H::KIND).then(|| unsafe { self.0.cast().as_ref() })
    }

    /// Runs the coroutine up to its next suspension. Ready: the outcome is in the slot, and makes this state.
    #[inline]
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<State> {
        let Head { content, vtable, .. } = self.head();
        if content.get() != Content::Coroutine {
            return Poll::Pending;
        }
        content.set(Content::Polled);
        // A panic leaves what was there.
        let _polled = OnDrop(|| content.set(content.get().after_poll()));
        // SAFETY: COUNT, TYPE; SLOT: it is `Polled`.
        unsafe { (vtable.poll)(self.0, context) }
    }

    /// Drops what is in the slot, and leaves the error, or nothing, there, even when a destructor panics.
    pub(crate) fn settle(&self, mut error: Option<Error>) {
        let Head { content, vtable, .. } = self.head();
        assert!(!content.get().is_busy(), "kolo: the slot of a promise was entered twice");
        let before = content.replace(Content::Dropping);
        let _settled = OnDrop(|| {
            content.set(Content::Nothing);
            if let Some(error) = error.take() {
                // SAFETY: COUNT, TYPE; SLOT: nothing is there.
                unsafe { (vtable.put_error)(self.0, error) };
                content.set(Content::Outcome);
            }
        });
        // SAFETY: COUNT, TYPE; SLOT: that is what was there, and now it is `Dropping`.
        unsafe { (vtable.clear)(self.0, before) }
    }

    pub(crate) fn error(&self) -> Option<Error> {
        if self.head().content.get() != Content::Outcome {
            return None;
        }
        // SAFETY: COUNT, TYPE; SLOT: an outcome is there.
        unsafe { (self.head().vtable.error)(self.0) }
    }

    pub(crate) fn downcast<T: 'static>(&self) -> Option<TypedRef<T>> {
        // VALUE holds from here on.
        ((self.head().vtable.value)() == TypeId::of::<T>()).then(|| TypedRef(self.clone(), PhantomData))
    }

    pub(crate) fn into_task(self) -> std::result::Result<TaskRef, Ref> {
        if self.head().vtable.kind == Kind::Task {
            Ok(TaskRef(self))
        } else {
            Err(self)
        }
    }

    #[inline(never)]
    fn drop_last(&mut self) {
        if self.head().has_unretrieved_error() {
            // May run user code, which may keep a reference: the count is looked at again.
            crate::report::never_retrieved(self);
        }
        let left = self.head().refs.get() - 1;
        self.head().refs.set(left);
        if left == 0 {
            // SAFETY: COUNT: this was the last reference. TYPE.
            unsafe { (self.head().vtable.free)(self.0) }
        }
    }
}

impl Clone for Ref {
    #[inline]
    fn clone(&self) -> Ref {
        // As in `Rc`: a count that overflows could free a block that is in use.
        let more = self.head().refs.get().checked_add(1).unwrap_or_else(|| std::process::abort());
        self.head().refs.set(more);
        Ref(self.0, PhantomData)
    }
}

impl Drop for Ref {
    #[inline]
    fn drop(&mut self) {
        let refs = &self.head().refs;
        match refs.get() {
            1 => self.drop_last(),
            more => refs.set(more - 1),
        }
    }
}

/// A reference to a block whose outcome is a `Result<T>` (VALUE). Values go in and come out, as with a `Cell<T>`.
pub(crate) struct TypedRef<T>(Ref, PhantomData<Cell<T>>);

impl<T> Clone for TypedRef<T> {
    fn clone(&self) -> Self {
        TypedRef(self.0.clone(), PhantomData)
    }
}

impl<T> TypedRef<T> {
    pub(crate) fn erased(&self) -> &Ref {
        &self.0
    }

    fn outcome(&self) -> NonNull<Result<T>> {
        let block = self.0.0;
        // SAFETY: TYPE, VALUE: the slot begins there, and every field of a slot begins where the slot does.
        unsafe { block.byte_add(block.as_ref().vtable.slot).cast() }
    }

    #[inline]
    pub(crate) fn take(&self) -> Option<Result<T>> {
        let content = &self.0.head().content;
        (content.get() == Content::Outcome).then(|| {
            content.set(Content::Nothing);
            // SAFETY: COUNT, VALUE; SLOT: it was there, and from now on it is not.
            unsafe { self.outcome().read() }
        })
    }

    #[inline]
    pub(crate) fn put(&self, outcome: Result<T>) {
        let content = &self.0.head().content;
        if content.get() != Content::Nothing {
            self.0.settle(None);
        }
        // SAFETY: COUNT, VALUE; SLOT: nothing is there.
        unsafe { self.outcome().write(outcome) };
        content.set(Content::Outcome);
    }
}

/// A reference to a block that begins with a `TaskHead`.
#[derive(Clone)]
pub(crate) struct TaskRef(Ref);

impl TaskRef {
    pub(crate) fn erased(&self) -> &Ref {
        &self.0
    }

    pub(crate) fn into_erased(self) -> Ref {
        self.0
    }
}

/// The task that runs on a thread. Invariant **CURRENT**: somebody else keeps a reference to it, as long as it stands here.
pub(crate) struct Current(Cell<Option<NonNull<Head>>>);

impl Current {
    pub(crate) const fn nobody() -> Current {
        Current(Cell::new(None))
    }

    #[inline(always)]
    pub(crate) fn run<R>(&self, task: &TaskRef, f: impl FnOnce() -> R) -> R {
        // CURRENT: the caller keeps it meanwhile.
        let before = self.0.replace(Some(task.0.0));
        let _after = OnDrop(|| self.0.set(before));
        f()
    }

    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(Option<&TaskRef>) -> R) -> R {
        // CURRENT: it is kept at least until `f` returns. COUNT: this reference is not counted, and not dropped.
        let task = self.0.get().map(|block| ManuallyDrop::new(TaskRef(Ref(block, PhantomData))));
        f(task.as_deref())
    }
}

impl std::ops::Deref for TaskRef {
    type Target = TaskHead;

    fn deref(&self) -> &TaskHead {
        // SAFETY: TYPE: checked by `new`, or just made by `allocate_task`. COUNT.
        unsafe { self.0.0.cast().as_ref() }
    }
}
