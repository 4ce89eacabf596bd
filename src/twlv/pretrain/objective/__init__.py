"""What is learnt: masks, targets, predictors, and the sum of their losses.

``config`` the settings; ``masks`` which tokens are seen; ``targets`` what is to be predicted, one file each;
``objective`` the module that a training loop calls; ``published`` objectives of others, of the same parts.
"""
