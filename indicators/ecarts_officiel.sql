-- titre: Nos flux à côté de ceux du producteur, et pourquoi ils diffèrent
-- title: Our fluxes beside the producer's, and why they differ
-- définition: pour chaque couche de changements d'un producteur : la surface qui devient artificialisée
--   (ou cesse de l'être) ici et chez lui, ce qui l'est des deux côtés, et l'écart selon sa raison : ici
--   seulement (lamelles : tracés qui ne coïncident pas, accrochages ; changement de couverture ou d'usage,
--   effet de seuil, autre : nomenclature, terrain entré dans les données) ; chez lui seulement (lamelles,
--   rien ne change ici, les codes changent mais pas le statut, statut inconnu ici). Une lamelle est plus
--   étroite que le paramètre sliver_width. Ce que valent patchs correctifs et recalage se lit en comparant
--   les séries. ici − producteur = écart = ici seulement − chez lui seulement, exactement.
--   official_null est le terrain de ses lignes à codes nuls. Son terrain hors des communes, ou de communes
--   sans cette période, n'est dans aucune ligne : manifest.json en dit la surface.
-- definition: for every layer of changes of a producer: the ground that became artificialised (or ceased
--   to be) here and there, what did on both sides, and the gap by reason: here alone (slivers: outlines
--   that do not coincide, snapping; change of cover or use, effect of the thresholds, other: nomenclature,
--   ground come into view); there alone (slivers, nothing changes here, the codes change and the status
--   does not, the status is not known here). A sliver is narrower than the parameter sliver_width. What
--   corrections and alignment make of it is told by comparing the series. ours −
--   official = gap = ours alone − official alone, exactly. official_null is the ground of its rows with
--   null codes. Its ground outside the communes, or in communes without that period, is in no row:
--   manifest.json says its area.
-- source: la couche de changements du producteur ; article R.101-1 du code de l'urbanisme
-- subject: OCS GE
-- needs: official_ledger
-- unit: m²
-- columns: series, crossing, commune, departement, year_before, year_after, sense, ours_m2, official_m2,
--   gap_m2, both_m2, ours_alone_m2, ours_alone_slivers_m2, ours_alone_change_m2, ours_alone_threshold_m2,
--   ours_alone_other_m2, official_alone_m2, official_alone_slivers_m2, official_alone_unchanged_m2,
--   official_alone_codes_m2, official_alone_unknown_m2, official_null_m2
WITH senses AS (
  SELECT 'artificialisation' AS sense UNION ALL SELECT 'désartificialisation' AS sense
),
told AS (
  SELECT
    o.series, o.crossing, o.commune, o.departement, o.year_before, o.year_after, s.sense,
    o.is_sliver, o.cause, o.final_before, o.final_after, o.area_half_cm2 AS area,
    COALESCE(o.zone_kind, '') = s.sense AS is_official,
    COALESCE(o.zone_kind, '') = 'codes nuls' AS is_null,
    CASE
      WHEN s.sense = 'artificialisation'
        THEN COALESCE(o.final_before = false AND o.final_after = true, false)
      ELSE COALESCE(o.final_before = true AND o.final_after = false, false)
    END AS is_ours
  FROM official_ledger AS o
  CROSS JOIN senses AS s
),
sums AS (
  SELECT
    series, crossing, commune, departement, year_before, year_after, sense,
    SUM(CASE WHEN is_ours THEN area ELSE 0 END) AS ours,
    SUM(CASE WHEN is_official THEN area ELSE 0 END) AS official,
    SUM(CASE WHEN is_ours AND is_official THEN area ELSE 0 END) AS both_told,
    SUM(CASE WHEN is_ours AND is_official = false AND is_sliver THEN area ELSE 0 END) AS alone_slivers,
    SUM(CASE WHEN is_ours AND is_official = false AND is_sliver = false AND cause = 'change'
               THEN area ELSE 0 END) AS alone_change,
    SUM(CASE WHEN is_ours AND is_official = false AND is_sliver = false AND cause = 'threshold'
               THEN area ELSE 0 END) AS alone_threshold,
    SUM(CASE WHEN is_official AND is_ours = false AND is_sliver THEN area ELSE 0 END)
      AS official_slivers,
    SUM(CASE WHEN is_official AND is_ours = false AND is_sliver = false
               AND (final_before IS NULL OR final_after IS NULL) THEN area ELSE 0 END)
      AS official_unknown,
    SUM(CASE WHEN is_official AND is_ours = false AND is_sliver = false AND final_before IS NOT NULL
               AND final_after IS NOT NULL AND cause = 'unchanged' THEN area ELSE 0 END)
      AS official_unchanged,
    SUM(CASE WHEN is_null THEN area ELSE 0 END) AS official_null
  FROM told
  GROUP BY series, crossing, commune, departement, year_before, year_after, sense
)
SELECT
  series, crossing, commune, departement, year_before, year_after, sense,
  ours AS ours_half_cm2,
  official AS official_half_cm2,
  ours - official AS gap_half_cm2,
  both_told AS both_half_cm2,
  ours - both_told AS ours_alone_half_cm2,
  alone_slivers AS ours_alone_slivers_half_cm2,
  alone_change AS ours_alone_change_half_cm2,
  alone_threshold AS ours_alone_threshold_half_cm2,
  ours - both_told - alone_slivers - alone_change - alone_threshold AS ours_alone_other_half_cm2,
  official - both_told AS official_alone_half_cm2,
  official_slivers AS official_alone_slivers_half_cm2,
  official_unchanged AS official_alone_unchanged_half_cm2,
  official - both_told - official_slivers - official_unchanged - official_unknown AS official_alone_codes_half_cm2,
  official_unknown AS official_alone_unknown_half_cm2,
  official_null AS official_null_half_cm2
FROM sums
ORDER BY series, crossing, departement, commune, year_before, year_after, sense
