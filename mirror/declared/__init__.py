"""What the file declares, held against what there is: the steps from one to the other."""
