-- What is counted at every scrape, however long the history.
create index on stages (queue) where state = 'discarded';
