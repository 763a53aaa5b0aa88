"""What acts on the demo's objects: the controllers and the scheduler of a control plane, in one process.

One file a controller. Each is level-triggered: ``reconcile`` brings what is there closer to what is wanted, whatever
happened before, and may be called at any time. They differ from Kubernetes' own in speed and size, never in what they
write: conditions, counters, events and their order are those of 1.34 (``docs/demo.md`` lists the exceptions).
"""
