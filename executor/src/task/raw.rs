//! The one allocation, and nearly all the unsafe code of kolo.
//!
//! A promise is a block of memory: a *head* (state, callbacks; for a task also its bookkeeping) followed by a *slot*, where the
//! outcome will be. A task is a promise whose slot holds a coroutine until then, in the same place. Blocks are counted by a plain
//! integer, because nothing here is shared between threads, and referred to by thin pointers: everything that depends on the
//! slot's type goes through the table of functions that the head points to.
//!
//! ```text
//!   Ref ──► ┌──────────────┐ ◄── TypedRef<T>: knows that the outcome is a Result<T>
//!           │ Head         │ ◄── TaskRef (task/mod.rs): knows that the head is a TaskHead
//!           │   vtable ────┼──► the functions of Block<H, S>
//!           │   refs       │
//!           │   ...        │
//!           ├──────────────┤
//!           │ slot         │     a coroutine, then its outcome
//!           └──────────────┘
//! ```
//!
//! # Invariants
//!
//! - **COUNT**: a block lives exactly as long as `refs > 0`; every `Ref` stands for one of the count. All of them are on one thread
//!   (`Ref` is `!Send`).
//! - **TYPE**: a block's vtable was made by [`Table::<H, S>`] for the very `H` and `S` that it was allocated with. `H` begins with a
//!   `Head` (`repr(C)`), and so does the block.
//! - **VALUE**: a `TypedRef<T>` points to a block with `S::Value == T`, and stays one of that very type: it is invariant in `T`.
//! - **SLOT**: a slot is touched by one call at a time: each claims it first (`Ref::access`). While what is in it is polled or dropped,
//!   which runs user code, it stays claimed; outcomes are cloned and shown only outside the slot.
//! - **PIN**: a slot is never moved: it is polled, dropped and overwritten in place, and read out only when it is an outcome.

use std::any::TypeId;
use std::cell::{Cell, UnsafeCell};
use std::marker::PhantomData;
use std::pin::Pin;
use std::ptr::NonNull;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::error::{Error, Result};
use crate::promise::{Head, State};
use crate::task::TaskHead;

/// What stands at the beginning of a block.
///
/// # Safety
/// The type is `repr(C)` and its first field is a [`Head`], or it is `Head` itself.
pub(crate) unsafe trait Heading: 'static {}

// SAFETY: it is `Head` itself.
unsafe impl Heading for Head {}
// SAFETY: `repr(C)`, and the first field is the `Head`.
unsafe impl Heading for TaskHead {}
// SAFETY: `repr(C)`, and the first field is the `Head`.
unsafe impl Heading for crate::gather::GatherHead {}

/// What stands at the end of a block: the place of an outcome.
pub(crate) trait Slot: 'static {
    type Value: 'static;
    /// The slot that holds nothing any more.
    const EMPTY: Self;
    /// The slot that holds this outcome.
    fn settled(outcome: Result<Self::Value>) -> Self;
    /// Runs the coroutine, if there is one. Ready: the slot now holds the outcome, which makes this state.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<State>;
    fn error(&self) -> Option<&Error>;
    /// Takes the outcome out. A coroutine stays where it is.
    fn take(&mut self) -> Option<Result<Self::Value>>;
}

/// The slot of a plain promise.
impl<T: 'static> Slot for Option<Result<T>> {
    type Value = T;
    const EMPTY: Self = None;

    fn settled(outcome: Result<T>) -> Self {
        Some(outcome)
    }
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<State> {
        Poll::Pending
    }
    fn error(&self) -> Option<&Error> {
        self.as_ref()?.as_ref().err()
    }
    fn take(&mut self) -> Option<Result<T>> {
        Option::take(self)
    }
}

/// The slot of a task: a coroutine becomes its outcome in place.
pub(crate) enum Stage<F, T> {
    Coroutine(F),
    Outcome(Result<T>),
    Empty,
}

impl<F: Future<Output = Result<T>> + 'static, T: 'static> Slot for Stage<F, T> {
    type Value = T;
    const EMPTY: Self = Stage::Empty;

    fn settled(outcome: Result<T>) -> Self {
        Stage::Outcome(outcome)
    }
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<State> {
        // SAFETY: PIN: nothing is moved out of what is borrowed here.
        let coroutine = match unsafe { self.as_mut().get_unchecked_mut() } {
            // SAFETY: PIN: it stays here until it is dropped here, by the assignment below or with the slot.
            Stage::Coroutine(coroutine) => unsafe { Pin::new_unchecked(coroutine) },
            Stage::Outcome(_) | Stage::Empty => return Poll::Pending,
        };
        let outcome = std::task::ready!(coroutine.poll(context));
        let state = State::of(&outcome);
        self.set(Stage::Outcome(outcome));
        Poll::Ready(state)
    }
    fn error(&self) -> Option<&Error> {
        match self {
            Stage::Outcome(outcome) => outcome.as_ref().err(),
            Stage::Coroutine(_) | Stage::Empty => None,
        }
    }
    fn take(&mut self) -> Option<Result<T>> {
        match self {
            Stage::Outcome(outcome) => {
                let outcome = std::mem::replace(outcome, Err(Error::cancelled()));
                *self = Stage::Empty;
                Some(outcome)
            }
            Stage::Coroutine(_) | Stage::Empty => None,
        }
    }
}

#[repr(C)]
struct Block<H, S> {
    head: H,
    slot: UnsafeCell<S>,
}

/// What can be done with a block whose types are forgotten. Each function requires a live block of the `H` and `S` of its [`Table`]
/// (COUNT, TYPE), and that nobody else is at its slot (SLOT).
pub(crate) struct VTable {
    poll: unsafe fn(NonNull<Head>, &mut Context<'_>) -> Poll<State>,
    /// Drops what is in the slot, and leaves the error, or nothing, there.
    settle: unsafe fn(NonNull<Head>, Option<Error>),
    error: unsafe fn(NonNull<Head>) -> Option<Error>,
    /// Moves the outcome out, into an `Option<Result<S::Value>>`.
    take: unsafe fn(NonNull<Head>, NonNull<()>),
    /// Moves an outcome in, from an `Option<Result<S::Value>>`.
    put: unsafe fn(NonNull<Head>, NonNull<()>),
    free: unsafe fn(NonNull<Head>),
    head: fn() -> TypeId,
    value: fn() -> TypeId,
}

/// The functions of `Block<H, S>`.
struct Table<H, S>(PhantomData<(H, S)>);

impl<H: Heading, S: Slot> Table<H, S> {
    const TABLE: &'static VTable = &VTable {
        poll: Self::poll,
        settle: Self::settle,
        error: Self::error,
        take: Self::take,
        put: Self::put,
        free: Self::free,
        head: TypeId::of::<H>,
        value: TypeId::of::<S::Value>,
    };

    /// # Safety
    /// COUNT, TYPE and SLOT hold while the reference is in use.
    unsafe fn slot<'a>(head: NonNull<Head>) -> &'a mut S {
        // SAFETY: TYPE: the block begins with its head. SLOT: the reference is the only one.
        unsafe { &mut *head.cast::<Block<H, S>>().as_ref().slot.get() }
    }

    unsafe fn poll(head: NonNull<Head>, context: &mut Context<'_>) -> Poll<State> {
        // SAFETY: the caller's. PIN: blocks do not move.
        unsafe { Pin::new_unchecked(Self::slot(head)) }.poll(context)
    }

    unsafe fn settle(head: NonNull<Head>, error: Option<Error>) {
        // SAFETY: the caller's. PIN: what was there is dropped in place.
        unsafe { *Self::slot(head) = error.map_or(S::EMPTY, |error| S::settled(Err(error))) }
    }

    unsafe fn error(head: NonNull<Head>) -> Option<Error> {
        // SAFETY: the caller's. Cloning an error runs no user code.
        unsafe { Self::slot(head) }.error().cloned()
    }

    unsafe fn take(head: NonNull<Head>, out: NonNull<()>) {
        // SAFETY: the caller's; `out` is of this type. PIN: a coroutine is not moved.
        unsafe { out.cast::<Option<Result<S::Value>>>().write(Self::slot(head).take()) }
    }

    unsafe fn put(head: NonNull<Head>, outcome: NonNull<()>) {
        // SAFETY: the caller's; `outcome` is of this type.
        if let Some(outcome) = unsafe { outcome.cast::<Option<Result<S::Value>>>().as_mut() }.take() {
            // SAFETY: the caller's. PIN: what was there is dropped in place.
            unsafe { *Self::slot(head) = S::settled(outcome) }
        }
    }

    unsafe fn free(head: NonNull<Head>) {
        /// Gives the memory back, even when a destructor panics.
        struct Memory(NonNull<u8>, memory::Class);
        impl Drop for Memory {
            fn drop(&mut self) {
                // SAFETY: TYPE: it was allocated as of this class. COUNT: nobody refers to it any more.
                unsafe { memory::free(self.0, self.1) }
            }
        }
        let _memory = Memory(head.cast(), const { memory::Class::of::<Block<H, S>>() });
        // SAFETY: TYPE: it is such a block. COUNT.
        unsafe { head.cast::<Block<H, S>>().drop_in_place() }
    }
}

/// The memory of blocks: freed blocks are kept for the next ones, because malloc takes as long as all the rest of a task's creation once
/// many are in flight.
mod memory {
    use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
    use std::cell::RefCell;
    use std::ptr::NonNull;

    /// Sizes are rounded up to this, as malloc does, and larger blocks than so many of them are left to malloc.
    const UNIT: usize = 16;
    const CLASSES: usize = 48;
    /// So many bytes of each size are kept. None in a debug build, so that a tool which looks for uses of freed memory can see them.
    const KEPT: usize = if cfg!(debug_assertions) { 0 } else { 16 << 20 };

    /// Freed blocks by size, of this thread.
    ///
    /// Invariant **POOL**: each is memory that `alloc` gave for the layout of its class, and in use by nobody.
    struct Pool([Vec<NonNull<u8>>; CLASSES]);

    thread_local!(static POOL: RefCell<Pool> = const { RefCell::new(Pool([const { Vec::new() }; CLASSES])) });

    /// Where freed blocks of a size are kept, and the layout that all of them have.
    #[derive(Clone, Copy)]
    pub(super) struct Class {
        list: usize,
        layout: Layout,
        /// How many of them are kept.
        kept: usize,
    }

    impl Class {
        /// The class of a type, known when the program is compiled.
        pub(super) const fn of<T>() -> Class {
            let layout = Layout::new::<T>();
            let list = layout.size().div_ceil(UNIT);
            match Layout::from_size_align(list * UNIT, UNIT) {
                Ok(layout) if list < CLASSES && align_of::<T>() <= UNIT => Class {
                    list,
                    layout,
                    kept: KEPT / layout.size(),
                },
                _ => Class {
                    list: CLASSES,
                    layout,
                    kept: 0,
                },
            }
        }
    }

    #[inline]
    pub(super) fn allocate(class: Class) -> NonNull<u8> {
        let kept = POOL.try_with(|pool| pool.borrow_mut().0.get_mut(class.list)?.pop());
        kept.ok().flatten().unwrap_or_else(|| fresh(class.layout))
    }

    #[cold]
    fn fresh(layout: Layout) -> NonNull<u8> {
        // SAFETY: a block has a head, so its size is not zero.
        NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
    }

    /// # Safety
    /// The memory is from `allocate` with this class, and not used any more.
    #[inline]
    pub(super) unsafe fn free(memory: NonNull<u8>, class: Class) {
        let kept = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            let list = pool.0.get_mut(class.list).filter(|list| list.len() < class.kept);
            list.is_some_and(|list| {
                list.push(memory);
                true
            })
        });
        if !kept.unwrap_or(false) {
            // SAFETY: the caller's.
            unsafe { dealloc(memory.as_ptr(), class.layout) }
        }
    }

    impl Drop for Pool {
        fn drop(&mut self) {
            for (class, list) in self.0.iter_mut().enumerate() {
                for memory in list.drain(..) {
                    if let Ok(layout) = Layout::from_size_align(class * UNIT, UNIT) {
                        // SAFETY: POOL.
                        unsafe { dealloc(memory.as_ptr(), layout) }
                    }
                }
            }
        }
    }
}

/// A counted reference to a block.
pub(crate) struct Ref(NonNull<Head>, PhantomData<Rc<()>>);

/// A new block.
#[inline(always)]
pub(crate) fn allocate<H: Heading, S: Slot>(head: impl FnOnce(Head) -> H, slot: S) -> TypedRef<S::Value> {
    let block = memory::allocate(const { memory::Class::of::<Block<H, S>>() }).cast::<Block<H, S>>();
    let head = head(Head::new(Table::<H, S>::TABLE));
    // SAFETY: the memory is new and of this layout. TYPE holds from here on, and so does COUNT: a head begins with a count of one.
    unsafe {
        block.write(Block {
            head,
            slot: UnsafeCell::new(slot),
        })
    };
    TypedRef(Ref(block.cast(), PhantomData), PhantomData)
}

/// A new task.
#[inline(always)]
pub(crate) fn allocate_task<S: Slot>(head: impl FnOnce(Head) -> TaskHead, coroutine: S) -> (TypedRef<S::Value>, TaskRef) {
    let block = allocate(head, coroutine);
    let task = TaskRef(block.0.clone());
    (block, task)
}

impl Ref {
    pub(crate) fn head(&self) -> &Head {
        // SAFETY: COUNT.
        unsafe { self.0.as_ref() }
    }

    /// The whole head, if it is an `H`.
    pub(crate) fn heading<H: Heading>(&self) -> Option<&H> {
        // SAFETY: TYPE: the head is an `H`. COUNT.
        ((self.head().vtable().head)() == TypeId::of::<H>()).then(|| unsafe { self.0.cast().as_ref() })
    }

    /// Runs the coroutine up to its next suspension. Ready: the outcome is in the slot, and makes this state.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<State> {
        let _access = self.access();
        // SAFETY: COUNT, TYPE; SLOT by `access`.
        unsafe { (self.head().vtable().poll)(self.0, context) }
    }

    /// Drops what is in the slot, and leaves the error, or nothing, there.
    pub(crate) fn settle(&self, error: Option<Error>) {
        let _access = self.access();
        // SAFETY: COUNT, TYPE; SLOT by `access`.
        unsafe { (self.head().vtable().settle)(self.0, error) }
    }

    /// The error in the slot.
    pub(crate) fn error(&self) -> Option<Error> {
        let _access = self.access();
        // SAFETY: COUNT, TYPE; SLOT by `access`.
        unsafe { (self.head().vtable().error)(self.0) }
    }

    pub(crate) fn ptr_eq(&self, other: &Ref) -> bool {
        self.0 == other.0
    }

    /// Tells blocks apart.
    pub(crate) fn address(&self) -> usize {
        self.0.addr().get()
    }

    /// The same block, if its outcome is a `Result<T>`.
    pub(crate) fn downcast<T: 'static>(&self) -> Option<TypedRef<T>> {
        // VALUE holds from here on.
        ((self.head().vtable().value)() == TypeId::of::<T>()).then(|| TypedRef(self.clone(), PhantomData))
    }

    /// Claims the slot (SLOT) until the guard is dropped.
    fn access(&self) -> Access<'_> {
        let busy = &self.head().slot_busy;
        // Nobody in this crate asks for the slot of a task that is running: this is the last line of defence.
        assert!(!busy.replace(true), "kolo: the slot of a promise was entered twice");
        Access(busy)
    }

    fn drop_last(&mut self) {
        if self.head().has_unretrieved_error() {
            // May run user code, which may keep a reference: the count is looked at again.
            crate::report::never_retrieved(self);
        }
        let left = self.head().refs.get() - 1;
        self.head().refs.set(left);
        if left == 0 {
            // SAFETY: COUNT: this was the last reference. TYPE.
            unsafe { (self.head().vtable().free)(self.0) }
        }
    }
}

struct Access<'a>(&'a Cell<bool>);

impl Drop for Access<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Clone for Ref {
    fn clone(&self) -> Ref {
        let refs = &self.head().refs;
        // As in `Rc`: a count that overflows could free a block that is in use.
        let more = refs.get().checked_add(1).unwrap_or_else(|| std::process::abort());
        refs.set(more);
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

/// A reference to a block whose outcome is a `Result<T>` (VALUE).
///
/// Values go in and come out, as with a `Cell<T>`. Were it covariant, what goes in as one type could come out as another:
///
/// ```compile_fail,E0308
/// fn coerce(promise: kolo_executor::Promise<for<'a> fn(&'a str)>) -> kolo_executor::Promise<fn(&'static str)> {
///     promise
/// }
/// ```
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

    /// Moves the outcome out of the slot.
    pub(crate) fn take(&self) -> Option<Result<T>> {
        let mut outcome = None;
        let _access = self.0.access();
        // SAFETY: COUNT, TYPE; SLOT by `access`; VALUE.
        unsafe { (self.0.head().vtable().take)(self.0.0, NonNull::from(&mut outcome).cast()) };
        outcome
    }

    /// Moves an outcome into the slot.
    pub(crate) fn put(&self, outcome: Result<T>) {
        let mut outcome = Some(outcome);
        let _access = self.0.access();
        // SAFETY: COUNT, TYPE; SLOT by `access`; VALUE.
        unsafe { (self.0.head().vtable().put)(self.0.0, NonNull::from(&mut outcome).cast()) };
    }
}

/// A reference to a block that begins with a [`TaskHead`](crate::task::TaskHead).
#[derive(Clone)]
pub(crate) struct TaskRef(Ref);

impl TaskRef {
    pub(crate) fn new(block: &Ref) -> Option<TaskRef> {
        block.heading::<TaskHead>()?;
        Some(TaskRef(block.clone()))
    }

    pub(crate) fn erased(&self) -> &Ref {
        &self.0
    }
}

impl std::ops::Deref for TaskRef {
    type Target = TaskHead;

    fn deref(&self) -> &TaskHead {
        // SAFETY: TYPE: checked by `new`, or just made by `allocate_task`. COUNT.
        unsafe { self.0.0.cast().as_ref() }
    }
}
