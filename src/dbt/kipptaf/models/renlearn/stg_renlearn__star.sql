{{ teamster.union_regions("renlearn") }}
