//! The one allocation, and nearly all the unsafe code of kolo.
//!
//! A promise is a block of memory: a *head* (state, callbacks), then what its *kind* has of its own (a task its bookkeeping, a gather its
//! children), then a *slot*, where the outcome will be. A task is a promise whose slot holds a coroutine until then, in the same place; the
//! head says which of them is there. Blocks are counted by a plain integer, because none is shared between threads, and referred to by thin
//! pointers: what depends on types goes through the table of functions that the head points to.
//!
//! ```text
//!   Ref ──► ┌──────────────┐ ◄── TypedRef<T>: knows that the outcome is a Result<T>
//!           │ Head         │ ◄── KindRef<K>: knows that K follows (TaskRef: that it is a task's)
//!           │   vtable ────┼──► the functions of Block<K, F, T>
//!           │   content    │     what is in the slot
//!           ├──────────────┤
//!           │ own          │     what the kind K has
//!           ├──────────────┤
//!           │ slot         │     a coroutine F, then its outcome: a T, or an Error
//!           └──────────────┘
//! ```
//!
//! # Invariants
//!
//! - **COUNT**: a block lives as long as `refs > 0`; every `Ref` stands for one of the count, but for that of a LOAN. All are on one thread
//!   (`Ref` is `!Send`). When none is left nothing leads to the block any more, and it is dropped.
//! - **TYPE**: a block's vtable is the [`Block::TABLE`] of the very `K`, `F` and `T` that it was allocated with. Whatever they are, a block
//!   begins with its head, and all that can be in a slot begins where the slot does.
//! - **KIND**: a `KindRef<K>` points to a block of that very `K`: [`allocate`] has just made it so, or [`Ref::into_kind`] has looked.
//! - **VALUE**: a `TypedRef<T>` points to a block of that very `T`: [`allocate`] has just made it so, or [`Ref::downcast`] has looked. It is
//!   invariant in `T`.
//! - **SLOT**: `content` says what is in the slot. Only this file changes it. While it is `Polled` or `Dropping`, user code runs on what is
//!   there, and nobody else touches the slot. No other user code sees what is there: a value is moved out, and perhaps put back.
//! - **PIN**: a coroutine is never moved: it is polled and dropped in place.
//! - **LOAN**: whoever lends a reference keeps it until the call returns for which it is lent.

use std::any::TypeId;
use std::cell::{Cell, UnsafeCell};
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop, offset_of};
use std::ops::Deref;
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use crate::block::head::{Callbacks, State};
use crate::ground::error::{Error, Result};
use crate::ground::memory::Boxed;
use crate::ground::nested_drop::nested_drop;
use crate::ground::numbers::{self, COUNTED};
use crate::ground::on_drop::OnDrop;

/// A kind of promise: what it has of its own, and in what it differs from others. asyncio's class.
pub(crate) trait Kind: Sized + 'static {
    /// What it is called in texts.
    const NAME: &'static str;
    /// Whether anybody may complete it.
    const IS_OPEN: bool = false;

    /// Cancels it, or asks it to end. `false`: it was done already.
    fn cancel(promise: &Ref, error: Error) -> bool;

    /// The last reference goes, and nobody has looked at the error.
    fn never_retrieved(promise: &Ref);

    /// Whether it has anything with a destructor at the moment: most go without, and a little sooner.
    fn owns(&mut self) -> bool;
}

/// The beginning of every block.
pub(crate) struct Head {
    vtable: &'static VTable,
    refs: Cell<u32>,
    /// The loop whose ready queue runs the callbacks; 0 until somebody waits. See [`numbers`].
    pub(crate) loop_id: Cell<u16>,
    pub(crate) state: Cell<State>,
    content: Cell<Content>,
    pub(crate) callbacks: Callbacks,
}

/// What is in the slot. [`Block::poll`] leads from `Coroutine` to `Polled` and back; [`Block::settle`] from whatever is there, by way of
/// `Dropping`, to an outcome or `Nothing`; [`TypedRef::take`] from `Value` to `Nothing`, and [`TypedRef::put`] back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Nothing,
    Coroutine,
    Value,
    Error,
    /// A coroutine that is being polled.
    Polled,
    /// What was there is being dropped.
    Dropping,
}

impl Content {
    fn is_busy(self) -> bool {
        matches!(self, Content::Polled | Content::Dropping)
    }
}

#[repr(C)]
struct Front<K> {
    head: Head,
    own: K,
}

#[repr(C)]
struct Block<K, F, T> {
    front: Front<K>,
    slot: UnsafeCell<Slot<F, T>>,
}

#[repr(C)]
union Slot<F, T> {
    coroutine: ManuallyDrop<F>,
    value: ManuallyDrop<T>,
    error: ManuallyDrop<Error>,
    nothing: (),
}

/// What can be done with a block whose types are forgotten. Each unsafe function wants a block that lives (COUNT), and whose table this is
/// (TYPE); `free` wants that nobody refers to it any more.
struct VTable {
    poll: unsafe fn(NonNull<Head>, &mut Context<'_>) -> Poll<State>,
    settle: unsafe fn(NonNull<Head>, Option<Error>),
    free: unsafe fn(NonNull<Head>),
    slot: usize,
    value: TypeId,
    kind: TypeId,
    name: &'static str,
    is_open: bool,
    cancel: fn(&Ref, Error) -> bool,
    never_retrieved: fn(&Ref),
}

impl<K: Kind, F: Future<Output = Result<T>> + 'static, T: 'static> Block<K, F, T> {
    const TABLE: &'static VTable = &VTable {
        poll: Self::poll,
        settle: Self::settle_with_error,
        free: Self::free,
        slot: offset_of!(Self, slot),
        value: TypeId::of::<T>(),
        kind: TypeId::of::<K>(),
        name: K::NAME,
        is_open: K::IS_OPEN,
        cancel: K::cancel,
        never_retrieved: K::never_retrieved,
    };

    unsafe fn poll(block: NonNull<Head>, context: &mut Context<'_>) -> Poll<State> {
        // SAFETY: COUNT and TYPE are the caller's.
        let block = unsafe { block.cast::<Self>().as_ref() };
        let content = &block.front.head.content;
        if content.get() != Content::Coroutine {
            return Poll::Pending;
        }
        content.set(Content::Polled);
        // After a panic too.
        let polled = OnDrop(|| content.set(Content::Coroutine));
        // SAFETY: SLOT: it is there, and while it is `Polled` nobody else touches it. PIN.
        let coroutine = unsafe { Pin::new_unchecked(&mut *(*block.slot.get()).coroutine) };
        let poll = coroutine.poll(context);
        drop(polled);
        let outcome = std::task::ready!(poll);
        let state = State::of(&outcome);
        block.settle(Some(outcome));
        Poll::Ready(state)
    }

    unsafe fn settle_with_error(block: NonNull<Head>, error: Option<Error>) {
        // SAFETY: COUNT and TYPE are the caller's.
        unsafe { block.cast::<Self>().as_ref() }.settle(error.map(Err));
    }

    /// Nothing but a `Ref` leads to a block, so when there is none any more the destructors that run here cannot come back to it, whatever
    /// else they do, and it does no harm to run them later.
    unsafe fn free(block: NonNull<Head>) {
        // SAFETY: COUNT and TYPE are the caller's: it was allocated so, and nobody refers to it any more.
        let mut block = unsafe { Boxed::<Self>::from_raw(block.cast()) };
        let Front { head, own } = &mut block.get_mut().front;
        let is_counted = head.loop_id.get() >= COUNTED;
        let owns = head.content.get() != Content::Nothing || head.callbacks.are_any() || own.owns() || is_counted;
        if owns {
            nested_drop(move || drop(block))
        } else {
            block.forget()
        }
    }
}

impl<K, F, T> Block<K, F, T> {
    /// Drops what is in the slot, and leaves the outcome, or nothing, there, even when a destructor panics.
    #[inline(always)]
    fn settle(&self, outcome: Option<Result<T>>) {
        let content = &self.front.head.content;
        let before = content.get();
        assert!(!before.is_busy(), "kolo: the slot of a promise was entered twice");
        content.set(Content::Dropping);
        let (after, mut outcome) = Slot::of(outcome);
        let _settled = OnDrop(|| {
            let outcome = mem::replace(&mut outcome, Slot { nothing: () });
            // SAFETY: SLOT: what was there is gone, and while it is `Dropping` nobody else touches it. TYPE: it begins where the slot does.
            unsafe { self.slot.get().cast::<Slot<(), T>>().write(outcome) };
            content.set(after);
        });
        let slot = self.slot.get();
        // SAFETY: SLOT: that is what is there, and while it is `Dropping` nobody else touches it. PIN: a coroutine is dropped in place.
        unsafe {
            match before {
                Content::Coroutine => ManuallyDrop::drop(&mut (*slot).coroutine),
                Content::Value => ManuallyDrop::drop(&mut (*slot).value),
                Content::Error => ManuallyDrop::drop(&mut (*slot).error),
                Content::Nothing | Content::Polled | Content::Dropping => {}
            }
        }
    }
}

impl<T> Slot<(), T> {
    /// A slot's beginning, with this in it.
    fn of(outcome: Option<Result<T>>) -> (Content, Slot<(), T>) {
        match outcome {
            None => (Content::Nothing, Slot { nothing: () }),
            Some(Ok(value)) => {
                let value = ManuallyDrop::new(value);
                (Content::Value, Slot { value })
            }
            Some(Err(error)) => {
                let error = ManuallyDrop::new(error);
                (Content::Error, Slot { error })
            }
        }
    }
}

impl<K, F, T> Drop for Block<K, F, T> {
    fn drop(&mut self) {
        let loop_id = self.front.head.loop_id.get();
        if loop_id >= COUNTED {
            numbers::give_back(loop_id);
        }
        self.settle(None);
    }
}

/// A counted reference to a block.
pub(crate) struct Ref(NonNull<Head>);

/// A new block, and so many references to it.
#[inline(always)]
fn allocate<K: Kind, F: Future<Output = Result<T>> + 'static, T: 'static, const REFS: usize>(
    own: impl FnOnce() -> K,
    slot: Slot<F, T>,
    content: Content,
) -> [Ref; REFS] {
    let block = Boxed::new(|| {
        let head = Head {
            vtable: Block::<K, F, T>::TABLE,
            refs: Cell::new(REFS as u32),
            loop_id: Cell::new(0),
            state: Cell::new(State::Pending),
            content: Cell::new(content),
            callbacks: Callbacks::default(),
        };
        let front = Front { head, own: own() };
        let slot = slot.into();
        Block { front, slot }
    });
    // TYPE and COUNT hold from here on.
    let block = block.into_raw().cast();
    [(); REFS].map(|()| Ref(block))
}

/// A new promise of this kind. Its `F` is never there.
pub(crate) fn allocate_promise<K: Kind, T: 'static>(own: K) -> TypedRef<T> {
    let slot = Slot { nothing: () };
    let [block] = allocate::<K, std::future::Pending<Result<T>>, T, 1>(|| own, slot, Content::Nothing);
    TypedRef(block, PhantomData)
}

/// A new promise of this kind whose slot holds a coroutine: a reference for its handle, for the table of tasks, and for the ready queue.
#[inline(always)]
pub(crate) fn allocate_coroutine<K: Kind, F: Future<Output = Result<T>> + 'static, T: 'static>(
    own: impl FnOnce() -> K,
    coroutine: F,
) -> (TypedRef<T>, [KindRef<K>; 2]) {
    let coroutine = ManuallyDrop::new(coroutine);
    let [handle, kept, queued] = allocate(own, Slot { coroutine }, Content::Coroutine);
    let of_kind = |block| KindRef(block, PhantomData);
    (TypedRef(handle, PhantomData), [of_kind(kept), of_kind(queued)])
}

impl Ref {
    pub(crate) fn head(&self) -> &Head {
        // SAFETY: COUNT.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn ptr_eq(&self, other: &Ref) -> bool {
        self.0 == other.0
    }

    /// Tells blocks apart.
    pub(crate) fn address(&self) -> usize {
        self.0.addr().get()
    }

    /// How many references to it there are.
    pub(crate) fn count(&self) -> u32 {
        self.head().refs.get()
    }

    pub(crate) fn kind_name(&self) -> &'static str {
        self.head().vtable.name
    }

    /// Whether anybody may complete it.
    pub(crate) fn is_open(&self) -> bool {
        self.head().vtable.is_open
    }

    pub(crate) fn is<K: Kind>(&self) -> bool {
        self.head().vtable.kind == TypeId::of::<K>()
    }

    /// What it has of its own as one of this kind.
    pub(crate) fn own<K: Kind>(&self) -> Option<&K> {
        // SAFETY: COUNT; TYPE: its kind was just looked at.
        self.is::<K>().then(|| unsafe { &self.0.cast::<Front<K>>().as_ref().own })
    }

    pub(crate) fn into_kind<K: Kind>(self) -> Result<KindRef<K>, Ref> {
        // KIND holds from here on.
        if self.is::<K>() {
            Ok(KindRef(self, PhantomData))
        } else {
            Err(self)
        }
    }

    pub(crate) fn downcast<T: 'static>(&self) -> Option<TypedRef<T>> {
        // VALUE holds from here on.
        (self.head().vtable.value == TypeId::of::<T>()).then(|| TypedRef(self.clone(), PhantomData))
    }

    /// Cancels it as its kind is cancelled. `false`: it was done already.
    pub(crate) fn cancel(&self, error: Error) -> bool {
        (self.head().vtable.cancel)(self, error)
    }

    /// Whether user code runs on what is in the slot: the coroutine is polled, or something there is dropped.
    pub(crate) fn is_busy(&self) -> bool {
        self.head().content.get().is_busy()
    }

    /// Runs the coroutine up to its next suspension. Ready: the outcome is in the slot, and makes this state.
    #[inline]
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<State> {
        // SAFETY: COUNT, TYPE.
        unsafe { (self.head().vtable.poll)(self.0, context) }
    }

    /// Drops what is in the slot, and leaves the error, or nothing, there, even when a destructor panics.
    pub(crate) fn settle(&self, error: Option<Error>) {
        // SAFETY: COUNT, TYPE.
        unsafe { (self.head().vtable.settle)(self.0, error) }
    }

    /// Where the slot is, and so whatever is in it (TYPE).
    fn slot<S>(&self) -> *mut S {
        self.0.as_ptr().wrapping_byte_add(self.head().vtable.slot).cast()
    }

    pub(crate) fn error(&self) -> Option<Error> {
        // SAFETY: COUNT, TYPE; SLOT: an error is there. Cloning it runs no user code.
        (self.head().content.get() == Content::Error).then(|| unsafe { (*self.slot::<Error>()).clone() })
    }

    #[inline(never)]
    fn drop_last(&mut self) {
        let &Head { ref refs, vtable, .. } = self.head();
        if self.head().has_unretrieved_error() {
            // May run user code, which may keep a reference: the count is looked at again.
            (vtable.never_retrieved)(self);
            if refs.get() > 1 {
                return refs.set(refs.get() - 1);
            }
        }
        refs.set(0);
        // SAFETY: TYPE; COUNT: this was the last reference, and nobody can make another.
        unsafe { (vtable.free)(self.0) }
    }
}

impl Clone for Ref {
    #[inline]
    fn clone(&self) -> Ref {
        // As in `Rc`: a count that overflows could free a block that is in use.
        let more = self.head().refs.get().checked_add(1).unwrap_or_else(|| std::process::abort());
        self.head().refs.set(more);
        Ref(self.0)
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

    /// Moves the value out, if it is there.
    #[inline]
    pub(crate) fn take(&self) -> Option<T> {
        let content = &self.0.head().content;
        (content.get() == Content::Value).then(|| {
            content.set(Content::Nothing);
            // SAFETY: COUNT, TYPE, VALUE; SLOT: it was there, and from now on it is not.
            unsafe { self.0.slot::<T>().read() }
        })
    }

    /// Puts a value there, in the place of whatever is there.
    #[inline]
    pub(crate) fn put(&self, value: T) {
        let content = &self.0.head().content;
        if content.get() != Content::Nothing {
            self.0.settle(None);
        }
        // SAFETY: COUNT, TYPE, VALUE; SLOT: nothing is there.
        unsafe { self.0.slot::<T>().write(value) };
        content.set(Content::Value);
    }
}

/// A reference to a block of a known kind (KIND).
pub(crate) struct KindRef<K>(Ref, PhantomData<K>);

impl<K> Clone for KindRef<K> {
    #[inline]
    fn clone(&self) -> Self {
        KindRef(self.0.clone(), PhantomData)
    }
}

impl<K> KindRef<K> {
    pub(crate) fn erased(&self) -> &Ref {
        &self.0
    }
}

impl<K> Deref for KindRef<K> {
    type Target = K;

    fn deref(&self) -> &K {
        // SAFETY: COUNT; KIND, and so it begins with this front (TYPE).
        unsafe { &self.0.0.cast::<Front<K>>().as_ref().own }
    }
}

/// A reference that is lent for as long as a call lasts, without being counted (LOAN).
pub(crate) struct Loan<K>(Cell<Option<NonNull<Head>>>, PhantomData<K>);

impl<K> Loan<K> {
    pub(crate) const fn nobody() -> Loan<K> {
        Loan(Cell::new(None), PhantomData)
    }

    #[inline(always)]
    pub(crate) fn lend<R>(&self, block: &KindRef<K>, f: impl FnOnce() -> R) -> R {
        // LOAN: it is borrowed until `f` has returned, and after that nobody finds it here.
        let before = self.0.replace(Some(block.0.0));
        let _after = OnDrop(|| self.0.set(before));
        f()
    }

    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(Option<&KindRef<K>>) -> R) -> R {
        // LOAN: it is kept until this returns, and longer. COUNT: this reference is not counted, and not dropped.
        let block = self.0.get();
        let block = block.map(|block| ManuallyDrop::new(KindRef(Ref(block), PhantomData)));
        f(block.as_deref())
    }
}
