"""Localization of people and their actions in space and time: a query decoder on frozen patch tokens.

``config`` the settings of the network, ``decoder`` the network, of ``layer``, ``positions`` and ``dropout``;
``boxes`` forms of a box, ``targets`` records of people, ``matching`` queries with people, ``losses`` what is
trained, by the ``settings`` and class ``forms`` of public code. The method follows STAR (Gritsenko et al.
2023), whose code was never released: each default says whether the report gives it or it is inferred.
"""
