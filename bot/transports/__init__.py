"""The networks. One network is one file or folder; everything that is odd about it ends there."""
