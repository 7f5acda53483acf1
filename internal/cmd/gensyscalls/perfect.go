package main

import (
	"fmt"
	"slices"
)

// perfect finds a multiplier for each bucket, the fullest bucket first.
func perfect(calls []call) (multipliers, slots []int, err error) {
	var members [buckets][]int
	for i, c := range calls {
		k := hash(c.name) % buckets
		members[k] = append(members[k], i)
	}
	order := make([]int, buckets)
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(x, y int) int { return len(members[y]) - len(members[x]) })
	multipliers, slots = make([]int, buckets), make([]int, 1<<slotBits)
	for _, k := range order {
		if !place(calls, members[k], &multipliers[k], slots) {
			return nil, nil, fmt.Errorf("no multiplier keeps %d names apart: change the constants of hash", len(members[k]))
		}
	}
	return multipliers, slots, nil
}

// place tries every multiplier for a bucket.
func place(calls []call, members []int, multiplier *int, slots []int) bool {
	for m := range 256 {
		taken := map[uint64]bool{}
		for _, i := range members {
			s := slot(hash(calls[i].name), uint8(m))
			if slots[s] != 0 || taken[s] {
				break
			}
			taken[s] = true
		}
		if len(taken) < len(members) {
			continue
		}
		for _, i := range members {
			slots[slot(hash(calls[i].name), uint8(m))] = i + 1
		}
		*multiplier = m
		return true
	}
	return false
}
