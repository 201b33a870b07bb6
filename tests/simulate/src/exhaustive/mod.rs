//! Every call of a story goes wrong once, in each of four ways; and pairs of them.

mod sites;
mod stories;

use std::{fmt, sync::Arc};

use sites::Sites;
pub use sites::{Mode, Site};
pub use stories::{STORIES, Story};

use crate::{
    Plan,
    run::in_a_world,
    stage::{Opening, open, settle, verdict},
    weather::Weather,
};

/// What goes wrong in one telling of a story: at which call, counted from 0, and how.
pub type Troubles = Vec<(usize, Mode)>;

/// What came of one telling.
#[derive(Clone, Debug)]
pub struct Telling {
    /// The calls that were made, in order.
    pub sites: Vec<Site>,
    /// What went wrong of what was to.
    pub happened: usize,
    /// What must hold and did not.
    pub violations: Vec<String>,
}

/// Tells a story in which this goes wrong.
pub fn tell(story: &'static Story, troubles: &Troubles) -> Telling {
    in_a_world(7, async {
        let calm = Plan { chances: Default::default(), ..Plan::of(0) };
        let (weather, sites) = (Weather::new(&calm, None), Sites::new(troubles.clone()));
        let (seed, faults) = (7, Arc::clone(&sites) as _);
        let (weather, delivery, traced) = (Arc::clone(&weather), None, false);
        let shop = open(Opening {
            seed,
            skus: 2,
            stock: 3,
            buckets: 1,
            weather,
            faults,
            delivery,
            traced,
            crowd: false,
            leap: Arc::default(),
        })
        .await;
        story.tell(&shop, &sites).await;
        sites.disarm();
        settle(&shop).await;
        Telling { sites: sites.seen(), happened: sites.happened(), violations: verdict(&shop, 0) }
    })
}

/// Where in a story something can go wrong, told once without anything going wrong.
pub fn sites(story: &'static Story) -> Vec<Site> {
    let telling = tell(story, &Vec::new());
    assert!(telling.violations.is_empty(), "{}: {:?}", story.name, telling.violations);
    telling.sites
}

/// All that can go wrong once.
pub fn singles(sites: usize) -> impl Iterator<Item = Troubles> {
    (0..sites).flat_map(|site| Mode::ALL.map(|mode| vec![(site, mode)]))
}

/// All that can go wrong twice.
pub fn pairs(sites: usize) -> impl Iterator<Item = Troubles> {
    let modes = || Mode::ALL.into_iter().flat_map(|one| Mode::ALL.map(|other| (one, other)));
    let places =
        move || (0..sites).flat_map(move |first| (first + 1..sites).map(move |second| (first, second)));
    places()
        .flat_map(move |(first, second)| modes().map(move |(one, other)| vec![(first, one), (second, other)]))
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.caller, self.operation, self.about)
    }
}
