"""Element tables: maps, groups, probes, comparisons and substitutions, each beside what noise would give."""
